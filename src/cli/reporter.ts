/** Everything a running command says: phases, notes, the members' progress. */
import { counted } from "../errors/index.ts";
import type { ProgressEvent } from "../train/index.ts";
import { count } from "./count.ts";
import { type Colours, coloursFor, RedrawnBlock, type TerminalStream, windowSize } from "./terminal.ts";
import { duration, TrainingProgress } from "./training-progress.ts";

/** Least time between two drawings of the block, ms. */
const drawInterval = 100;
/** Time between two status lines where there is no terminal, ms. */
const lineInterval = 10_000;

/** What an analysis reports while it runs; every method may be left out by who does not care. */
export interface Reporter {
  /** Something with a result begins; the returned function tells that it is done. */
  phase(text: string): (result?: string) => void;
  /** Part of the phase that is done, 0 to 1, and how many events that are. */
  share(done: number, events?: number): void;
  note(text: string): void;
  trainingBegins(memberCount: number): void;
  /** A member that an earlier, unfinished run has left. */
  memberKept(member: number): void;
  member(event: ProgressEvent): void;
  trainingEnds(): void;
}

/** Says nothing. */
export const silentReporter: Reporter = {
  phase: () => () => {},
  share: () => {},
  note: () => {},
  trainingBegins: () => {},
  memberKept: () => {},
  member: () => {},
  trainingEnds: () => {},
};

/** Writes to a stream, by default standard error, so that results on standard output stay clean. */
export class StreamReporter implements Reporter {
  readonly #stream: TerminalStream;
  readonly #isTerminal: boolean;
  readonly #colours: Colours;
  readonly #block: RedrawnBlock;
  readonly #now: () => number;
  #progress: TrainingProgress | undefined;
  #phase: string | undefined;
  #phaseStarted = 0;
  #lastDrawn = Number.NEGATIVE_INFINITY;
  #lastLine = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #trainingStarted = 0;

  constructor(stream: TerminalStream = process.stderr, now: () => number = () => performance.now()) {
    this.#stream = stream;
    this.#isTerminal = stream.isTTY === true && process.env.TERM !== "dumb" && process.env.CI === undefined;
    this.#colours = coloursFor(stream);
    this.#block = new RedrawnBlock(stream);
    this.#now = now;
  }

  phase(text: string): (result?: string) => void {
    const started = this.#now();
    this.#phase = text;
    this.#phaseStarted = started;
    if (this.#isTerminal) this.#block.draw([this.#colours.dim(`${text} …`)]);
    return (result) => {
      this.#phase = undefined;
      const time = this.#colours.dim(` (${((this.#now() - started) / 1000).toFixed(1)} s)`);
      this.#line(`${result ?? text}${time}`);
    };
  }

  share(done: number, events?: number): void {
    const now = this.#now();
    if (!this.#isTerminal || this.#phase === undefined || now - this.#lastDrawn < drawInterval) return;
    this.#lastDrawn = now;
    const seconds = (now - this.#phaseStarted) / 1000;
    const rate =
      events === undefined || seconds === 0 ? "" : `, ${count(Math.round(events / seconds))} events/s`;
    this.#block.draw([this.#colours.dim(`${this.#phase} … ${(100 * done).toFixed(0)} %${rate}`)]);
  }

  note(text: string): void {
    this.#line(text);
  }

  trainingBegins(memberCount: number): void {
    this.#trainingStarted = this.#now();
    this.#lastLine = this.#trainingStarted;
    this.#progress = new TrainingProgress(memberCount, this.#trainingStarted);
    this.#block.keep();
    this.#draw(true);
    // The time left goes on counting while a long call of the engine is under way.
    if (this.#isTerminal) {
      this.#timer = setInterval(() => this.#draw(false), 500);
      this.#timer.unref();
    }
  }

  memberKept(member: number): void {
    this.#progress?.keep(member);
    this.#line(`member ${member} is finished already, it is kept`);
  }

  member(event: ProgressEvent): void {
    const progress = this.#progress;
    if (progress === undefined) return;
    progress.add(event, this.#now());
    if (this.#isTerminal) {
      this.#draw(event.finished);
      return;
    }
    const now = this.#now();
    if (event.finished) {
      this.#line(progress.finishedLine(event, now));
      this.#lastLine = now;
    } else if (now - this.#lastLine > lineInterval) {
      this.#line(progress.statusLine(now));
      this.#lastLine = now;
    }
  }

  trainingEnds(): void {
    const progress = this.#progress;
    if (progress === undefined) return;
    clearInterval(this.#timer);
    this.#draw(true);
    this.#block.keep();
    this.#progress = undefined;
    // After a failure or an interruption the error has the last word.
    if (progress.finishedCount < progress.memberCount) return;
    this.#line(
      `trained ${counted(progress.finishedCount, "member")} in ${duration(this.#now() - this.#trainingStarted)}`,
    );
  }

  #draw(always: boolean): void {
    const now = this.#now();
    if (
      !this.#isTerminal ||
      this.#progress === undefined ||
      (!always && now - this.#lastDrawn < drawInterval)
    )
      return;
    const [columns, rows] = windowSize(this.#stream);
    this.#block.draw(this.#progress.block(now, columns, rows, this.#colours));
    this.#lastDrawn = now;
  }

  #line(text: string): void {
    if (!this.#isTerminal) this.#stream.write(`${text}\n`);
    else {
      this.#block.above(text);
      this.#draw(true);
    }
  }
}
