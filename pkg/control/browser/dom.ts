/** Elements without a framework: made with what they hold, and text is always text. */

type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;
type Content = Node | string;

/** An element of HTML. */
export function html<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...content: readonly Content[]
): HTMLElementTagNameMap[Name] {
  return filled(document.createElement(name), attributes, content);
}

/** An element of SVG. */
export function svg(name: string, attributes: Attributes = {}, ...content: readonly Content[]): SVGElement {
  return filled(document.createElementNS('http://www.w3.org/2000/svg', name), attributes, content);
}

function filled<E extends Element>(element: E, attributes: Attributes, content: readonly Content[]): E {
  for (const [name, value] of Object.entries(attributes))
    if (value !== undefined && value !== false)
      element.setAttribute(name, value === true ? '' : String(value));
  element.append(...content);
  return element;
}

/** The element of the page with this id. */
export function byId(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`the page has no #${id}`);
  return element;
}

/** Makes what is shown the same as `content`, and touches nothing that is: what is selected or scrolled stays so. */
export function show(place: Element, ...content: readonly Content[]): void {
  const fresh = html('div', {}, ...content);
  if (place.innerHTML === fresh.innerHTML) return;
  const scrolled = [...place.querySelectorAll('.scroll')].map((element) => element.scrollTop);
  place.replaceChildren(...fresh.childNodes);
  for (const [index, element] of place.querySelectorAll('.scroll').entries())
    element.scrollTop = scrolled[index] ?? 0;
}

/** A table; rows that lead somewhere carry `data-pick`, and can be reached by the keyboard. */
export function table(headings: readonly string[], rows: readonly Row[]): HTMLElement {
  const head = html('tr', {}, ...headings.map((heading) => html('th', { scope: 'col' }, heading)));
  const body = rows.map(({ cells, pick }) =>
    html(
      'tr',
      pick === undefined ? {} : { class: 'pick', tabindex: 0, 'data-pick': pick },
      ...cells.map(cellOf),
    ),
  );
  return html(
    'div',
    { class: 'scroll' },
    html('table', {}, html('thead', {}, head), html('tbody', {}, ...body)),
  );
}

/** A row of a table. */
export interface Row {
  readonly cells: readonly (string | Cell)[];
  readonly pick?: string;
}

/** A cell that stands out: `good`, `bad`, `dim`, `code`. */
export interface Cell {
  readonly text: string;
  readonly look: string;
}

function cellOf(cell: string | Cell): HTMLElement {
  return typeof cell === 'string' ? html('td', {}, cell) : html('td', { class: cell.look }, cell.text);
}

/** Names and values. */
export function facts(entries: readonly (readonly [string, Content])[]): HTMLElement {
  return html(
    'dl',
    { class: 'facts' },
    ...entries.flatMap(([name, value]) => [html('dt', {}, name), html('dd', {}, value)]),
  );
}

/** What the user picks in a place, by mouse or keyboard. */
export function onPick(place: Element, picked: (what: string) => void): void {
  const hear = (event: Event): void => {
    if (event instanceof KeyboardEvent && event.key !== 'Enter') return;
    const target = event.target instanceof Element ? event.target.closest('[data-pick]') : null;
    const what = target?.getAttribute('data-pick');
    if (what) picked(what);
  };
  place.addEventListener('click', hear);
  place.addEventListener('keydown', hear);
}
