/** Which MCP servers stand behind the tools of this project. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { loadMcpConfig, type McpConfig, parseMcpConfig } from '../adapters/mcp/config.js';
import { makeDataFolder } from '../data-folder.js';
import type { McpJson } from '../engine/define-config.js';
import { missingPackage } from '../optional-packages.js';
import { type ShippedServerOptions, shippedServers } from '../servers/shipped-servers.js';
import type { Project } from './project.js';
import { provideSampleFiles } from './sample-files.js';
import type { Settings } from './settings.js';

const FILES_PACKAGE = '@modelcontextprotocol/server-filesystem';
const here = createRequire(import.meta.url);

/**
 * `--mcp` or SWITCHYARD_MCP, else the configuration's `mcp`, else `mcp.json` in the working folder, else the shipped
 * servers over the data folder. Those need packages that are not the core's to bring: a project with a configuration of its
 * own has no servers where they are missing, and hears of it if one of its workflows calls a tool.
 * @throws SwitchyardError INVALID_CONFIG
 */
export async function toolServers(settings: Settings, project: Project): Promise<McpConfig> {
  if (settings.mcp !== undefined) return await loadMcpConfig(settings.mcp);
  const folder = project.file === undefined ? process.cwd() : dirname(project.file);
  if (typeof project.mcp === 'string') return await loadMcpConfig(resolve(folder, project.mcp));
  if (project.mcp !== undefined) return parseMcpConfig(project.mcp, project.file ?? 'the configuration', { folder });
  const beside = resolve('mcp.json');
  if (existsSync(beside)) return await loadMcpConfig(beside);
  if (project.file !== undefined && !hasShippedServers()) return parseMcpConfig({ mcpServers: {} }, project.file);
  const files = join(settings.dataDir, 'files');
  makeDataFolder(settings.dataDir);
  await provideSampleFiles(files);
  return parseMcpConfig(shippedMcpJson({ dataDir: settings.dataDir }, files), 'the built-in configuration');
}

/**
 * Our three servers and the official one for files, each started directly by this Node.
 * @throws SwitchyardError INVALID_CONFIG when their packages are missing, before any of them is started to fail alone
 */
export function shippedMcpJson(options: ShippedServerOptions, filesFolder: string): McpJson {
  return {
    mcpServers: {
      ...shippedServers(options),
      files: { command: process.execPath, args: [filesServerProgram(), filesFolder] },
    },
    bindings: { 'files.search_files': { server: 'files', dialect: 'filesystem', root: filesFolder } },
  };
}

/** Where the files server is described. */
function packagesFound(): string {
  try {
    here.resolve('libsql');
    return here.resolve(`${FILES_PACKAGE}/package.json`);
  } catch (thrown) {
    throw missingPackage(thrown) ?? thrown;
  }
}

function hasShippedServers(): boolean {
  try {
    packagesFound();
    return true;
  } catch {
    return false;
  }
}

function filesServerProgram(): string {
  const manifest = packagesFound();
  const { bin } = z.object({ bin: z.record(z.string(), z.string()) }).parse(JSON.parse(readFileSync(manifest, 'utf8')));
  return join(dirname(manifest), Object.values(bin)[0] ?? 'dist/index.js');
}
