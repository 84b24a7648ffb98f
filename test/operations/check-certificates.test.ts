import { certificatesToRenew } from '../../src/operations/setup/check-temporal.js';
import { ensureCertificates } from '../../src/temporal/certificates.js';
import { embeddedFiles } from '../../src/temporal/embedded-files.js';
import { removeTemporaryDirectories, temporaryDirectory } from '../temporal/support.js';

const dayMs = 24 * 3_600_000;

afterEach(removeTemporaryDirectories);

it('speaks up two months before the certificates of a running server end, and not before', async () => {
  const dataDir = temporaryDirectory();
  const madeAt = Date.parse('2026-11-29T12:00:00Z');
  const without = certificatesToRenew(dataDir, madeAt);
  await ensureCertificates(embeddedFiles(dataDir).certificates, madeAt);

  const early = certificatesToRenew(dataDir, madeAt + 660 * dayMs);
  const late = certificatesToRenew(dataDir, madeAt + 680 * dayMs);

  expect([without, early]).toEqual([null, null]);
  expect(late).toBe('its certificates expire on 2028-11-28; new ones are made when it starts: restart keyturn up');
});
