/** ROOT files behind HTTP. */
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openRootFile } from "./root-file.ts";

const file = readFileSync(fileURLToPath(new URL("../../../test/data/root/uproot-HZZ.root", import.meta.url)));
let server: Server;
let address: string;

/** Gives parts of the one file that there is. */
beforeAll(async () => {
  server = createServer((request, response) => {
    if (!request.url?.startsWith("/HZZ.root")) {
      response.writeHead(404).end();
      return;
    }
    const range = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? "");
    if (request.method === "HEAD" || !range) {
      response.writeHead(200, { "content-length": file.length, "accept-ranges": "bytes" });
      response.end(request.method === "HEAD" ? undefined : file);
      return;
    }
    const [from, to] = [Number(range[1]), Math.min(file.length - 1, Number(range[2]))];
    const part = file.subarray(from, to + 1);
    response.writeHead(206, {
      "content-range": `bytes ${from}-${to}/${file.length}`,
      "content-length": part.length,
    });
    response.end(part);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

test("a tree is read in parts over HTTP", async () => {
  const events = await (await openRootFile(`${address}/HZZ.root`)).events();
  const values = (await events.read("MET_px")) as Float32Array;
  let sum = 0;
  for (const value of values) sum += value;
  expect(sum).toBeCloseTo(577.7299035903998, 3);
});

test("an address where nothing is, or nobody answers, is not called a damaged file", async () => {
  await expect(openRootFile(`${address}/other.root`)).rejects.toThrow(
    `"${address}/other.root": the server answers 404 Not Found. Check the address.`,
  );
  await expect(openRootFile("http://127.0.0.1:9/HZZ.root")).rejects.toThrow(
    /^"http:\/\/127\.0\.0\.1:9\/HZZ\.root" cannot be reached \(.+\)\. Check the address and the connection\.$/,
  );
});
