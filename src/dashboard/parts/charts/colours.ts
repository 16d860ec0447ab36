/** Colours of charts: the theme's own, as a canvas takes them, and one for each series, in app.css, apart from its neighbours in both modes. */

const SERIES = 10;

/** The value of a custom property as a canvas understands it: `light-dark()` resolved, as rgb. */
export function themeColour(property: string): string {
  const probe = document.createElement('span');
  probe.style.color = `var(${property})`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  const context = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  if (!context) return color;
  context.fillStyle = color;
  context.fillRect(0, 0, 1, 1);
  const [red, green, blue, alpha = 255] = context.getImageData(0, 0, 1, 1).data;
  return `rgba(${red}, ${green}, ${blue}, ${alpha / 255})`;
}

/** The custom property of the nth series; they begin anew after ten. */
export function seriesProperty(index: number): string {
  return `--chart-${(index % SERIES) + 1}`;
}

export function seriesColours(count: number): string[] {
  return Array.from({ length: count }, (_, index) => themeColour(seriesProperty(index)));
}
