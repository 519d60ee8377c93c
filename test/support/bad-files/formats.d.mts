/** Types of formats.mjs. */
export const formats: Readonly<
  Record<
    string,
    {
      readonly files: readonly string[];
      /** No byte may change unnoticed. */
      readonly checked?: boolean;
      /** The format does not say how long it is. */
      readonly open?: boolean;
      make(folder: string): unknown;
      read(folder: string): Promise<{ readonly count: number; readonly digest: string }>;
    }
  >
>;
