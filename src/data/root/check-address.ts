/** Files behind HTTP: an address that does not answer is told from a file that is damaged. */
import { FileFormatError } from "../../errors/index.ts";

/** @throws FileFormatError where nobody answers, or the answer is not the file. */
export async function checkAddress(address: string): Promise<void> {
  const response = await fetch(address, { headers: { Range: "bytes=0-3" } }).catch((error: unknown) => {
    throw new FileFormatError(
      `"${address}" cannot be reached (${reasonOf(error)}). Check the address and the connection.`,
    );
  });
  await response.body?.cancel();
  if (!response.ok) {
    throw new FileFormatError(
      `"${address}": the server answers ${response.status} ${response.statusText}. Check the address.`,
    );
  }
}

/** What `fetch` knows more than that it failed. */
function reasonOf(error: unknown): string {
  const { cause, message } = error as Error & { readonly cause?: { code?: string; message?: string } };
  return cause?.code ?? cause?.message ?? message;
}
