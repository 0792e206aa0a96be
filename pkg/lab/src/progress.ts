/** How a lab command tells what it is doing while it works; the caller decides whether anybody sees it. */
export type Progress = (step: string) => void;
