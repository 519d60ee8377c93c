import { describe, expect, it } from "vitest";
import { memorySize } from "./memory-size.ts";

describe("a size of memory", () => {
  it.each([
    ["512MB", 512e6],
    ["512 mb", 512e6],
    ["1.5GiB", 1.5 * 2 ** 30],
    ["2gb", 2e9],
    ["1000", 1000],
  ])("%s is %d bytes", (text, bytes) => {
    expect(memorySize(text)).toBe(bytes);
  });

  it.each(["", "MB", "-1GB", "1.GB", "12 apples", "constructor"])('"%s" is none', (text) => {
    expect(memorySize(text)).toBeUndefined();
  });
});
