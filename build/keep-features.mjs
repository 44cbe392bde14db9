// For an image that runs everything: the packages of features, optional peers of ours, become dependencies in the versions
// that were tested, so that `npm prune --omit=dev` leaves them. Changes package.json; never run in a working copy.
import { readFileSync, writeFileSync } from 'node:fs';

const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
for (const name of Object.keys(manifest.peerDependencies)) {
  manifest.dependencies[name] = manifest.devDependencies[name];
  delete manifest.devDependencies[name];
}
delete manifest.peerDependencies;
delete manifest.peerDependenciesMeta;
writeFileSync('package.json', `${JSON.stringify(manifest, null, 2)}\n`);
