import { type GuideRotation, type GuideRow, guideRows } from '../../src/config/guide.js';
import { catalog } from '../../workflows/catalog.js';

/** The row of the guide's table that these settings have. Throws where nothing rotates them. */
export function rowOf(settings: readonly string[]): GuideRow & { readonly by: GuideRotation } {
  const row = guideRows(catalog).find((each) => each.settings.join() === settings.join());
  if (!row?.by) throw new Error(`the guide's table has nothing that rotates ${settings.join(' and ')}`);
  return { ...row, by: row.by };
}
