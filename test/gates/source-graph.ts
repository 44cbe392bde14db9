/** Who imports whom in `src`, types counted, read by the compiler's own scanner. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import ts from 'typescript';

export interface SourceFile {
  /** Relative to `src`, with forward slashes. */
  readonly path: string;
  readonly text: string;
  /** Files of `src` that it imports. */
  readonly internal: readonly string[];
  /** Names of packages that it imports, `node:` modules left out. */
  readonly packages: readonly string[];
}

export function readSources(root = 'src'): readonly SourceFile[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => /\.tsx?$/.test(path))
    .map((path) => parseSource(path, readFileSync(join(root, path), 'utf8'), root));
}

export function parseSource(path: string, text: string, root = 'src'): SourceFile {
  const specifiers = ts.preProcessFile(text, true, true).importedFiles.map((imported) => imported.fileName);
  const relative = specifiers.filter((specifier) => specifier.startsWith('.'));
  return {
    path,
    text,
    internal: relative.map((specifier) => sourceOf(normalize(join(dirname(path), specifier)), root)),
    packages: specifiers.filter((specifier) => !/^(\.|node:)/.test(specifier)).map(packageName),
  };
}

/** Which imports are made when the file is loaded. With `verbatimModuleSyntax`, one that only lists types inside braces is. */
export function importsAtOnce(text: string): readonly string[] {
  return ts
    .createSourceFile('one.ts', text, ts.ScriptTarget.ES2022)
    .statements.flatMap((statement) =>
      ts.isImportDeclaration(statement) || ts.isExportDeclaration(statement) ? statement : [],
    )
    .flatMap((statement) => {
      const { moduleSpecifier } = statement;
      const forTypes = ts.isImportDeclaration(statement) ? statement.importClause?.isTypeOnly : statement.isTypeOnly;
      return moduleSpecifier && ts.isStringLiteral(moduleSpecifier) && !forTypes ? [moduleSpecifier.text] : [];
    });
}

/** What is imported as `.js` is written as `.ts` or `.tsx`. */
function sourceOf(imported: string, root: string): string {
  const jsx = imported.replace(/\.js$/, '.tsx');
  return jsx !== imported && existsSync(join(root, jsx)) ? jsx : imported.replace(/\.js$/, '.ts');
}

function packageName(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

/** The first cycle found, as a path that ends where it began; none: an empty list. */
export function findCycle(sources: readonly SourceFile[]): readonly string[] {
  const byPath = new Map(sources.map((source) => [source.path, source]));
  const finished = new Set<string>();
  const visit = (path: string, trail: readonly string[]): readonly string[] => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path];
    if (finished.has(path)) return [];
    for (const next of byPath.get(path)?.internal ?? []) {
      const cycle = visit(next, [...trail, path]);
      if (cycle.length > 0) return cycle;
    }
    finished.add(path);
    return [];
  };
  for (const { path } of sources) {
    const cycle = visit(path, []);
    if (cycle.length > 0) return cycle;
  }
  return [];
}
