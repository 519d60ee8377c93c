/** What an RNTuple says of itself: header, footer and page lists, with their checksums (binary format specification 1.0). */
import {
  type NtupleAnchor,
  type NtupleBuilder,
  type NtupleDescription,
  type RootFile,
  readHeaderFooter,
} from "#jsroot";
import { FileFormatError } from "../../errors/index.ts";
import { anchorChecksumHolds, pageChecksumHolds } from "./checksums.ts";
import { unpackBlocks } from "./unpack.ts";

/**
 * The fields, columns, clusters and pages.
 *
 * @param anchor the object in the file, `record` its bytes.
 * @throws FileFormatError where a checksum does not hold.
 */
export async function ntupleDescription(
  file: RootFile,
  anchor: NtupleAnchor,
  record: DataView,
  where: string,
): Promise<NtupleDescription> {
  if (!(await anchorChecksumHolds(record))) throw damaged(where, "the checksum of its anchor does not hold");
  const { fSeekHeader, fNBytesHeader, fLenHeader, fSeekFooter, fNBytesFooter, fLenFooter } = anchor;
  await envelope(file, [fSeekHeader, fNBytesHeader, fLenHeader], `${where}: its header`);
  await envelope(file, [fSeekFooter, fNBytesFooter, fLenFooter], `${where}: its footer`);
  const builder = await readHeaderFooter(anchor).catch((error: unknown) => {
    throw damaged(where, error instanceof Error ? error.message : String(error));
  });
  if (!builder) throw damaged(where, "its header cannot be read");
  return { ...builder, ...(await clustersOf(file, builder, where)) };
}

/** The clusters of all groups; JSROOT reads the first group alone. */
async function clustersOf(
  file: RootFile,
  builder: NtupleBuilder,
  where: string,
): Promise<Pick<NtupleDescription, "clusterSummaries" | "pageLocations">> {
  const clusterSummaries: NtupleDescription["clusterSummaries"][number][] = [];
  const pageLocations: NtupleDescription["pageLocations"][number][] = [];
  for (const { pageListLocator, pageListLength, numClusters } of builder.clusterGroups) {
    const place = [pageListLocator.offset, pageListLocator.size, pageListLength] as const;
    builder.deserializePageList(await envelope(file, place, `${where}: its list of pages`));
    if (builder.clusterSummaries.length !== numClusters || builder.pageLocations.length !== numClusters) {
      throw damaged(where, "its list of pages does not have the clusters that its footer has");
    }
    clusterSummaries.push(...builder.clusterSummaries);
    pageLocations.push(...builder.pageLocations);
  }
  return { clusterSummaries, pageLocations };
}

/** A part of the description, `[position, bytes, unpacked bytes]`; its last eight bytes are its checksum. */
async function envelope(
  file: RootFile,
  place: readonly (number | bigint)[],
  where: string,
): Promise<DataView> {
  const [position, size, length] = place.map(Number) as [number, number, number];
  if (!place.every((number) => Number(number) >= 0) || position + size > file.fEND) {
    throw damaged(where, "it lies outside the file");
  }
  const packed = await file.readBuffer([position, size]);
  if (!(packed instanceof DataView) || packed.byteLength !== size) {
    throw damaged(where, "the file ends before it does");
  }
  const bytes =
    size === length
      ? packed
      : await unpackBlocks(packed, length).catch((error: Error) => {
          throw damaged(where, `it cannot be unpacked (${error.message})`);
        });
  if (bytes.byteLength < 16 || !(await pageChecksumHolds(bytes))) {
    throw damaged(where, "its checksum does not hold");
  }
  return bytes;
}

function damaged(where: string, reason: string): FileFormatError {
  return new FileFormatError(`${where} is damaged: ${reason}.`);
}
