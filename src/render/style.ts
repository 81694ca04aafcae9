// In: what the terminal can do (the CLI decides). Out: colours that mean something, or nothing at all.

/**
 * What a colour means: growth is red and calm is green wherever they appear.
 * Only the 16 colours of the terminal's own theme are used, so that dark and light themes both read well.
 */
export type Role =
  | 'plain'
  | 'strong'
  | 'dim'
  | 'title'
  | 'growth'
  | 'slower'
  | 'calm'
  | 'shift'
  | 'curve'
  | 'critical'
  | 'warning'
  | 'info'
  | 'command';

const codes: Record<Role, string> = {
  plain: '',
  strong: '1',
  dim: '2',
  title: '1;36',
  growth: '31',
  slower: '33',
  calm: '32',
  shift: '35',
  curve: '36',
  critical: '1;31',
  warning: '1;33',
  info: '34',
  command: '36',
};

export interface Style {
  color: boolean;
  /** Pure 7-bit output. */
  ascii: boolean;
}

/** `text` in the colour of `role`; the text itself when colours are off. */
export function paint(style: Style, role: Role, text: string): string {
  const code = codes[role];
  return style.color && code !== '' && text !== '' ? `\x1b[${code}m${text}\x1b[0m` : text;
}
