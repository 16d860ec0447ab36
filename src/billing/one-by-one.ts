/** Work of the crons for several organizations, of which one may fail without the others. What failed is logged, and due again. */
export async function oneByOne<T extends { organizationId: string }>(
  event: string,
  items: readonly T[],
  act: (item: T) => Promise<unknown>,
): Promise<void> {
  for (const item of items) {
    try {
      await act(item);
    } catch (error) {
      const { organizationId } = item;
      console.error(JSON.stringify({ event, organizationId, error: String(error) }));
    }
  }
}
