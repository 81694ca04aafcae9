// In: events, keys, sizes. Out: the panel's lines and what the user asked for. Pure: no terminal, no clock.
import type { GcbendEvent } from '../events/types.ts';
import { doneWanted, INITIAL_PANEL, type PanelState, readKeys, reducePanel } from './live-keys.ts';
import { LiveModel } from './live-model.ts';
import { drawPanel, type PanelOptions, type PanelSize } from './live-panel.ts';

/** The model, the state and the drawing in one: what a command needs. */
export class LiveView {
  private readonly model = new LiveModel();
  private readonly options: PanelOptions;
  private state: PanelState = INITIAL_PANEL;

  constructor(options: PanelOptions) {
    this.options = options;
  }

  /** Grows with every event and key: nothing has to be drawn while it stays. */
  version = 0;

  push(event: GcbendEvent): void {
    this.version++;
    this.model.push(event);
  }

  /** How long what was printed has waited by now. */
  setBehind(seconds: number): void {
    const whole = Math.floor(seconds);
    if (whole === this.model.behindSeconds) return;
    this.model.behindSeconds = whole;
    this.version++;
  }

  /** Takes what the terminal sent for keys; returns what the caller is to do, in order. */
  press(input: string): ('save' | 'quit')[] {
    const wanted: ('save' | 'quit')[] = [];
    for (const key of readKeys(input)) {
      this.version++;
      this.state = reducePanel(this.state, key, this.model.range());
      if (this.state.wants === undefined) continue;
      wanted.push(this.state.wants);
      this.state = doneWanted(this.state);
    }
    return wanted;
  }

  draw(size: PanelSize): string[] {
    return drawPanel(this.model, this.state, size, this.options);
  }
}
