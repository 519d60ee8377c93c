import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Stream } from "../array/index.ts";
import { download } from "./download.ts";

const stream = new Stream(1, "download");
const content = gzipSync(Buffer.from(Array.from({ length: 300_000 }, () => stream.integer(256))));

interface Behaviour {
  readonly body: Buffer;
  readonly ranges?: boolean;
  /** Bytes of a response after which the connection is cut, the given number of times. */
  readonly breakAfter?: number;
  readonly breaks?: number;
  readonly status?: number;
  readonly stallAfter?: number;
}

let server: Server;
let folder: string;
let url: string;
let behaviour: Behaviour;
let requests: (string | undefined)[];
let breaksLeft: number;

function serve(next: Behaviour): void {
  behaviour = next;
  breaksLeft = next.breaks ?? Number.POSITIVE_INFINITY;
}

function answer(request: IncomingMessage, response: ServerResponse): void {
  requests.push(request.headers.range);
  const { body, ranges = true, breakAfter, status, stallAfter } = behaviour;
  if (status !== undefined) {
    response.writeHead(status).end();
    return;
  }
  const start = ranges ? Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0) : 0;
  if (start >= body.length) {
    response.writeHead(416, { "content-range": `bytes */${body.length}` }).end();
    return;
  }
  const rest = body.subarray(start);
  response.writeHead(start > 0 ? 206 : 200, {
    "content-length": rest.length,
    ...(start > 0 ? { "content-range": `bytes ${start}-${body.length - 1}/${body.length}` } : {}),
  });
  if (stallAfter !== undefined) response.write(rest.subarray(0, stallAfter));
  else if (breakAfter !== undefined && breaksLeft > 0) {
    breaksLeft--;
    response.write(rest.subarray(0, breakAfter), () => cutWhenArrived(response, start));
  } else response.end(rest);
}

/** Cuts the connection when some of it has been put aside, however long that takes. */
function cutWhenArrived(response: ServerResponse, before: number): void {
  const part = `${target()}.part`;
  if (existsSync(part) && statSync(part).size > before) response.destroy();
  else setTimeout(() => cutWhenArrived(response, before), 5);
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "lumin-download-"));
  requests = [];
  server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/events.csv.gz`;
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

const target = (): string => join(folder, "deep", "events.csv.gz");
const start = (more: Partial<Parameters<typeof download>[0]> = {}) =>
  download({ url, path: target(), gzip: true, pause: 5, ...more });

async function messageOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => "no error",
    (error: Error) => error.message.replaceAll(url, "URL").replaceAll(`${folder}/deep/`, ""),
  );
}

describe("download", () => {
  it("fetches the file, reports the bytes and leaves no partial file", async () => {
    serve({ body: content });
    let last = { received: 0, total: undefined as number | undefined };
    const result = await start({ onProgress: (progress) => (last = { ...progress }) });
    expect(result).toEqual({ status: "downloaded", size: content.length, resumedFrom: 0 });
    expect(last).toEqual({ received: content.length, total: content.length });
    expect(readFileSync(target()).equals(content)).toBe(true);
    expect(existsSync(`${target()}.part`)).toBe(false);
  });

  it("takes a broken connection up again where it broke", async () => {
    serve({ body: content, breakAfter: 100_000, breaks: 2 });
    const notes: string[] = [];
    await start({ onNote: (text) => notes.push(text) });
    expect(readFileSync(target()).equals(content)).toBe(true);
    expect(requests[0]).toBeUndefined();
    expect(requests).toHaveLength(3);
    expect(requests[1]).toMatch(/^bytes=\d+-$/);
    expect(notes[0]).toMatch(/^the connection broke after 0\.\d MB \(.*\); going on from there\.$/);
  });

  it("keeps what arrived when it gives up, and a later call goes on from there", async () => {
    serve({ body: content, breakAfter: 100_000, breaks: 1 });
    const first = start({ attempts: 1 });
    expect(await messageOf(first)).toMatch(
      /^download of URL: no connection to 127\.0\.0\.1:\d+ \(.*\)\. Without a network .* 0\.\d MB are kept; the same command goes on from there\.$/,
    );
    expect(existsSync(target())).toBe(false);
    const kept = readFileSync(`${target()}.part`).length;
    expect(kept).toBeGreaterThan(0);
    const result = await start();
    expect(result).toEqual({ status: "downloaded", size: content.length, resumedFrom: kept });
    expect(requests.at(-1)).toBe(`bytes=${kept}-`);
    expect(readFileSync(target()).equals(content)).toBe(true);
  });

  it("starts again where the server ignores ranges", async () => {
    serve({ body: content, ranges: false, breakAfter: 100_000, breaks: 1 });
    const notes: string[] = [];
    await start({ onNote: (text) => notes.push(text) });
    expect(readFileSync(target()).equals(content)).toBe(true);
    expect(notes).toContain("the server cannot resume; starting from the beginning.");
  });

  it("deletes a gzip that arrived damaged and says so", async () => {
    const damaged = Buffer.from(content);
    damaged[damaged.length - 5]! ^= 0xff;
    serve({ body: damaged });
    expect(await messageOf(start())).toBe(
      'download of URL: what arrived is damaged ("events.csv.gz.part" is not a sound gzip file: its content is corrupt.) ' +
        "It was deleted; run the command again.",
    );
    serve({ body: content.subarray(0, 200_000) });
    expect(await messageOf(start())).toContain("is not a sound gzip file: it ends too early.");
    expect(existsSync(target())).toBe(false);
    expect(existsSync(`${target()}.part`)).toBe(false);
  });

  it("uses a partial file that is complete, and drops one that is too long", async () => {
    serve({ body: content });
    await start();
    rmSync(target());
    writeFileSync(`${target()}.part`, content);
    expect(await start()).toMatchObject({ status: "downloaded", resumedFrom: content.length });
    rmSync(target());
    writeFileSync(`${target()}.part`, Buffer.concat([content, Buffer.from("x")]));
    await start();
    expect(readFileSync(target()).equals(content)).toBe(true);
  });

  it("does nothing when the file is there and sound, and says when it is not", async () => {
    serve({ body: content });
    await start();
    const count = requests.length;
    expect(await start()).toEqual({ status: "present", size: content.length, resumedFrom: 0 });
    expect(requests).toHaveLength(count);
    writeFileSync(target(), content.subarray(0, 1000));
    expect(await messageOf(start())).toBe('"events.csv.gz" is not a sound gzip file: it ends too early.');
  });

  it("says clearly that there is no network", async () => {
    const port = (server.address() as AddressInfo).port;
    await new Promise((resolve) => server.close(resolve));
    expect(await messageOf(start({ attempts: 2 }))).toBe(
      `download of URL: no connection to 127.0.0.1:${port} (connection refused). Without a network on this machine, ` +
        "fetch the file elsewhere and put it in place under its name.",
    );
    server.listen(0, "127.0.0.1");
  });

  it("says what the server answered", async () => {
    serve({ body: content, status: 404 });
    expect(await messageOf(start())).toContain("download of URL: the server answered 404 Not Found.");
    serve({ body: content, status: 503 });
    expect(await messageOf(start({ attempts: 2 }))).toContain("the server answered 503");
    expect(requests).toHaveLength(3);
  });

  it("counts a silent connection as broken", async () => {
    serve({ body: content, stallAfter: 1000 });
    expect(await messageOf(start({ attempts: 1, silence: 100 }))).toContain("(no data)");
  });

  it("stops at once when interrupted and keeps what arrived", async () => {
    serve({ body: content, stallAfter: 100_000 });
    const controller = new AbortController();
    const running = start({ signal: controller.signal });
    setTimeout(() => controller.abort(), 100);
    const before = performance.now();
    expect(await messageOf(running)).toBe("interrupted; what has arrived is kept.");
    expect(performance.now() - before).toBeLessThan(1000);
    expect(readFileSync(`${target()}.part`).length).toBeGreaterThan(0);
  });
});
