/** The Zstandard decoder that the bundle of JSROOT calls: small, without WebAssembly, the same in Node and browsers. */
import { decompress } from "fzstd";

export const ZstdInit = async () => ({ ZstdStream: { decompress: (bytes) => decompress(bytes) } });
