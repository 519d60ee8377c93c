/** What the user sees while an ensemble trains: a block that is redrawn on a terminal, lines elsewhere. */
import { counted } from "../errors/index.ts";
import type { ProgressEvent } from "../train/index.ts";
import { type Colours, padded, shortened } from "./terminal.ts";

/** The state of all members, fed with events. */
export class TrainingProgress {
  readonly memberCount: number;
  readonly #latest = new Map<number, ProgressEvent>();
  /** When a member's first event came. */
  readonly #firstSeen = new Map<number, number>();
  readonly #started: number;
  /** Members that an earlier, unfinished run has left. */
  readonly #kept = new Set<number>();

  constructor(memberCount: number, now: number) {
    this.memberCount = memberCount;
    this.#started = now;
  }

  /** A member that is finished already. */
  keep(member: number): void {
    this.#kept.add(member);
  }

  add(event: ProgressEvent, now: number): void {
    if (!this.#firstSeen.has(event.member)) this.#firstSeen.set(event.member, now);
    this.#latest.set(event.member, event);
  }

  get finishedCount(): number {
    return this.#kept.size + [...this.#latest.values()].filter((event) => event.finished).length;
  }

  /** Part of the work done, 0 to 1. */
  get fraction(): number {
    return (this.#kept.size + this.#worked()) / this.memberCount;
  }

  /** Estimate of the time left in ms; undefined before anything is known. */
  timeLeft(now: number): number | undefined {
    const worked = this.#worked();
    const left = this.memberCount - this.#kept.size - worked;
    const own = worked - this.#takenUp();
    return own > 0.05 ? ((now - this.#started) / own) * left : undefined;
  }

  /** Members in work in units of whole members. */
  #worked(): number {
    let sum = 0;
    for (const event of this.#latest.values())
      sum += event.finished ? 1 : event.step / Math.max(1, event.stepCount);
    return sum;
  }

  /** Part of it that processes of before had done, up to checkpoints. */
  #takenUp(): number {
    let sum = 0;
    for (const { firstStep = 0, stepCount } of this.#latest.values())
      sum += firstStep / Math.max(1, stepCount);
    return sum;
  }

  /** One line a member and one for the whole, at most `rows` lines of at most `width` characters. */
  block(now: number, width: number, rows: number, colours: Colours): readonly string[] {
    const members = [...this.#latest.values()].sort((a, b) => a.member - b.member);
    const room = Math.max(1, rows - 2);
    // The running ones matter most; finished ones give way first.
    const running = members.filter((event) => !event.finished);
    const finished = members.filter((event) => event.finished);
    const shownFinished = finished.slice(Math.max(0, finished.length - Math.max(0, room - running.length)));
    const lines = [...shownFinished, ...running.slice(0, room)]
      .sort((a, b) => a.member - b.member)
      .map((event) => memberLine(event, now, this.#firstSeen.get(event.member) ?? now, colours, width));
    return [...lines, this.#totalLine(now, colours, width)];
  }

  #totalLine(now: number, colours: Colours, width: number): string {
    const left = this.timeLeft(now);
    const time =
      this.finishedCount === this.memberCount ? "" : left === undefined ? "" : `, ${duration(left)} left`;
    const text = `${this.finishedCount} of ${this.memberCount} members${time}`;
    return shortened(`ensemble   ${bar(this.fraction, 20)} ${text}`, width, colours.bold);
  }

  /** A line for a log when something worth it happened: a member has ended. */
  finishedLine(event: ProgressEvent, now: number): string {
    const left = this.timeLeft(now);
    const rest =
      this.finishedCount < this.memberCount && left !== undefined ? `, about ${duration(left)} left` : "";
    const best =
      event.best === undefined
        ? ""
        : `, best validation loss ${loss(event.best.validationLoss)} at epoch ${event.best.epoch}`;
    return `member ${event.member}: ${counted(event.epoch, "epoch")}${best} (${this.finishedCount} of ${this.memberCount}${rest})`;
  }

  /** A line for a log now and then. */
  statusLine(now: number): string {
    const running = [...this.#latest.values()]
      .filter((event) => !event.finished)
      .sort((a, b) => a.member - b.member);
    const members = running.map(
      (event) =>
        `member ${event.member} epoch ${event.epoch}/${event.epochCount} training ${loss(event.trainingLoss)}` +
        ` validation ${loss(event.validationLoss)}`,
    );
    const left = this.timeLeft(now);
    const time = left === undefined ? "" : `, about ${duration(left)} left`;
    return `${(100 * this.fraction).toFixed(0)} %${time}${members.length > 0 ? `: ${members.join("; ")}` : ""}`;
  }
}

function memberLine(
  event: ProgressEvent,
  now: number,
  started: number,
  colours: Colours,
  width: number,
): string {
  const fraction = event.finished ? 1 : event.step / Math.max(1, event.stepCount);
  const digits = String(event.epochCount).length;
  const head = `member ${padded(String(event.member), -2)}  `;
  const best =
    event.best === undefined ? "" : `  best ${loss(event.best.validationLoss)} @${event.best.epoch}`;
  const tail =
    ` ${padded(String(event.epoch), -digits)}/${event.epochCount}  training ${loss(event.trainingLoss)}` +
    `  validation ${loss(event.validationLoss)}${best}`;
  const own = fraction - (event.firstStep ?? 0) / Math.max(1, event.stepCount);
  const left =
    event.finished || own < 0.02 ? "" : `  ${duration(((now - started) / own) * (1 - fraction))} left`;
  // Room for the longest tail, so that all bars are equally long; the time left only where there is room for it too.
  const longest = head.length + 2 * digits + 56;
  const length = Math.min(20, Math.max(4, width - 1 - longest - (width > longest + 24 ? 11 : 0)));
  const text = `${head}${bar(fraction, length)}${tail}${width > longest + 24 ? left : ""}`;
  return shortened(text, width, event.finished ? colours.dim : (line) => line);
}

/** A bar of blocks, in eighths. */
export function bar(fraction: number, length: number): string {
  const eighths = Math.round(Math.min(1, Math.max(0, fraction)) * length * 8);
  const full = Math.floor(eighths / 8);
  const part = eighths % 8 === 0 ? "" : " ▏▎▍▌▋▊▉"[eighths % 8]!;
  return `${"█".repeat(full)}${part}${"░".repeat(length - full - part.length)}`;
}

/** A loss with four significant digits; a dash when there is none yet. */
function loss(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return "–";
  return value !== 0 && Math.abs(value) < 1e-3 ? value.toExponential(3) : value.toFixed(4);
}

/** Milliseconds as `7 s`, `2:05` or `1:02:05`. */
export function duration(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 60) return `${seconds} s`;
  const two = (value: number): string => String(value).padStart(2, "0");
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}:${two(seconds % 60)}`;
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)}`;
}
