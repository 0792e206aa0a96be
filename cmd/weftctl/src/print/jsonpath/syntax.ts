/** What a JSONPath template of kubectl is made of. */

/** One piece of a template. */
export type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'path'; readonly path: Path }
  | { readonly kind: 'range'; readonly path: Path; readonly body: readonly Piece[] };

/** Where to start, and the steps from there. `root` is `$`; else the value at hand. */
export interface Path {
  readonly fromRoot: boolean;
  readonly steps: readonly Step[];
}

/** One step of a path; each gives any number of values for one. */
export type Step =
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'all' }
  | { readonly kind: 'descend' }
  | { readonly kind: 'index'; readonly index: number }
  | {
      readonly kind: 'slice';
      readonly start: number | undefined;
      readonly end: number | undefined;
      readonly step: number;
    }
  | { readonly kind: 'union'; readonly steps: readonly Step[] }
  | { readonly kind: 'filter'; readonly filter: Filter };

/** `?(@.a == "b")`; without an operator the left side must exist. */
export interface Filter {
  readonly left: Operand;
  readonly operator?: Operator;
  readonly right?: Operand;
}

/** How a filter compares. */
export type Operator = '==' | '!=' | '<' | '<=' | '>' | '>=';

/** One side of a comparison. */
export type Operand =
  | { readonly kind: 'path'; readonly path: Path }
  | { readonly kind: 'literal'; readonly value: string | number | bigint | boolean | null };

/** A template that cannot be read; `position` counts characters from 1. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';
  readonly position: number;

  constructor(message: string, position: number) {
    super(message);
    this.position = position;
  }
}
