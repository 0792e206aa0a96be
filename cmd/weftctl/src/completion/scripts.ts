/**
 * What each shell runs at Tab: it hands the words to `weftctl __complete` and shows what comes back. All knowledge is
 * there, so that a script need not be made again for a new command.
 */
import type { Shell } from './shells.ts';

const bash = `# Completion of weftctl for bash. In ~/.bashrc:  source <(weftctl completion bash)
_weftctl() {
  local line current="\${COMP_WORDS[COMP_CWORD]}"
  COMPREPLY=()
  # bash takes "=" for a word of its own.
  [ "$current" = = ] && current=
  while IFS= read -r line; do
    if [ "$line" = :files ]; then
      compopt -o filenames 2>/dev/null
      while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$current")
    elif [ -n "$line" ]; then
      line="\${line%%$'\\t'*}"
      case $line in *=) compopt -o nospace 2>/dev/null ;; esac
      COMPREPLY+=("$line")
    fi
  done < <("\${COMP_WORDS[0]}" __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD-1}" "$current" 2>/dev/null)
}
complete -F _weftctl weftctl
`;

const zsh = `#compdef weftctl
# Completion of weftctl for zsh. In ~/.zshrc, after compinit:  source <(weftctl completion zsh)
_weftctl() {
  local line files=0
  local -a candidates
  while IFS= read -r line; do
    case $line in
      :files) files=1 ;;
      ?*) candidates+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}") ;;
    esac
  done < <("\${words[1]}" __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  local found=1
  (( $#candidates )) && _describe weftctl candidates && found=0
  (( files )) && _files && found=0
  return found
}
if [ "$funcstack[1]" = _weftctl ]; then _weftctl "$@"; else compdef _weftctl weftctl; fi
`;

const fish = `# Completion of weftctl for fish. In ~/.config/fish/config.fish:  weftctl completion fish | source
function __weftctl_complete
  set -l words (commandline -opc)
  set -l current (commandline -ct)
  for line in ($words[1] __complete -- $words[2..-1] "$current" 2>/dev/null)
    if test "$line" = :files
      __fish_complete_path "$current"
    else
      echo $line
    end
  end
end
complete -c weftctl -f -a '(__weftctl_complete)'
`;

/** The script of a shell. */
export const SCRIPTS: Readonly<Record<Shell, string>> = { bash, zsh, fish };
