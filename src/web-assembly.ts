// In: a program as base64, a memory and what else it imports. Out: its functions, running in that memory.

/** The part of the WebAssembly interface that is used here: Node's own types leave it to the browser's. */
declare const WebAssembly: {
  Memory: new (size: { initial: number; maximum: number }) => Memory;
  Module: new (program: Uint8Array) => object;
  Instance: new (module: object, imports: object) => { exports: object };
};

/** Views of it are lost when it grows. Pages that nobody touches cost nothing. */
export interface Memory {
  readonly buffer: ArrayBuffer;
}

const PAGE_BYTES = 65536;

/** Never grows, unless a program that runs in it makes it, up to `largest` bytes. */
export function createMemory(bytes: number, largest = bytes): Memory {
  return new WebAssembly.Memory({
    initial: Math.ceil(bytes / PAGE_BYTES),
    maximum: Math.ceil(largest / PAGE_BYTES),
  });
}

/** Programs by their text: compiled when they are first needed. */
const modules = new Map<string, object>();

/** The functions that the program exports; which ones, and which numbers and functions it imports, its .wat says. */
export function instantiate<Exports extends object>(
  program: string,
  memory: Memory,
  host: Readonly<Record<string, number | ((...values: number[]) => number)>> = {},
): Exports {
  let module = modules.get(program);
  if (module === undefined) {
    module = new WebAssembly.Module(Buffer.from(program, 'base64'));
    modules.set(program, module);
  }
  return new WebAssembly.Instance(module, { host: { ...host, memory } }).exports as Exports;
}
