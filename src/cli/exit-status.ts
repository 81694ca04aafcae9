// In: nothing. Out: the exit statuses that callers rely on. After a signal: 128 + its number.
export const exitStatus = { done: 0, found: 1, misuse: 2, nothingRecognised: 3 } as const;
