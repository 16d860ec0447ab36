/** The package has no types: as much of it as generate-fonts.ts uses. */
declare module 'subset-font' {
  export default function subsetFont(
    font: Uint8Array,
    text: string,
    options: { targetFormat: 'truetype'; noHinting: boolean; dropTables: string[] },
  ): Promise<Buffer>;
}
