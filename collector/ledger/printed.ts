/** Audit rows of heads that were printed: `{ log, size }`. */
export const PRINT_ACTION = 'ledger.print';
