// In: text that came from input. Out: one line of it that no terminal, page or document can be steered by.
// Taken out: escape sequences, C0 and C1 control bytes, DEL, bidirectional overrides, invisible format characters, lone surrogates.

/** Whole escape sequences first (CSI, OSC, other), so that `ESC[31m` does not leave `[31m` behind. */
const escapeSequence =
  /(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|(?:\x1b\]|\x9d)[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)|\x1b[ -/]*[0-~]/g;
const space = /[\t\n\v\f\r\u0085\u00a0\u2028\u2029]+/g;
/** Control and format characters, and all that is drawn as nothing: bidirectional overrides, zero-width, BOM, tags, variation selectors, non-characters. */
const invisible = /[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}]/gu;
const loneSurrogate = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** One printable line. Line breaks and tabs become one space; lone surrogates become U+FFFD. */
export function cleanText(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text)) return text;
  return text.replace(escapeSequence, '').replace(space, ' ').replace(loneSurrogate, '\ufffd').replace(invisible, '');
}
