// In: a function name as the runtime's symbol table spells it. Out: the name that people write.
// Follows cmd/internal/objabi PathToPrefix; example: `example.com/app/sub%2edot.F` is `example.com/app/sub.dot.F`.

/** Undoes the %xx escapes of the last import path element; anything that is no escape stays as it is. */
export function unescapeSymbol(name: string): string {
  if (!name.includes('%')) return name;
  return name.replace(/(?:%[0-9a-fA-F]{2})+/g, (run) => Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8'));
}
