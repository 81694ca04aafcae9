// In: --config, or .gcbendrc.json / package.json#gcbend in this folder or above. Out: defaults for options, thresholds, further infrastructure.
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { GcbendError } from '../errors.ts';
import type { InfrastructureRule } from '../events/goroutines/index.ts';
import { DEFAULT_THRESHOLDS, type ThresholdOverrides } from '../findings/thresholds.ts';
import { readText } from './settings.ts';

export interface Config {
  /** Defaults for options of the command line, under their names. */
  options: Record<string, unknown>;
  thresholds: ThresholdOverrides;
  infrastructure: InfrastructureRule[];
}

const none: Config = { options: {}, thresholds: {}, infrastructure: [] };

/** Throws GcbendError('CONFIG_INVALID') with the file and the key that is wrong. */
export function readConfig(file: string | undefined, folder: string): Config {
  const found = file ?? findConfig(folder);
  if (found === undefined) return none;
  const text = readText(found);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw invalid(found, `it is no JSON: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
  if (found.endsWith('package.json')) value = (value as Record<string, unknown>)['gcbend'];
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(found, 'it holds no object');
  const { thresholds = {}, infrastructure = [], ...options } = value as Record<string, unknown>;
  return {
    options,
    thresholds: checkThresholds(found, thresholds),
    infrastructure: checkInfrastructure(found, infrastructure),
  };
}

function findConfig(folder: string): string | undefined {
  for (let at = resolve(folder); ; at = dirname(at)) {
    const own = join(at, '.gcbendrc.json');
    if (existsSync(own)) return own;
    const shared = join(at, 'package.json');
    if (existsSync(shared) && /"gcbend"\s*:\s*\{/.test(readText(shared))) return shared;
    if (at === dirname(at)) return undefined;
  }
}

function checkThresholds(file: string, value: unknown): ThresholdOverrides {
  if (!isObject(value)) throw invalid(file, 'thresholds is no object');
  for (const [rule, numbers] of Object.entries(value)) {
    const known = (DEFAULT_THRESHOLDS as Record<string, Record<string, number>>)[rule];
    if (known === undefined) {
      throw invalid(file, `thresholds.${rule} is unknown`, `one of ${Object.keys(DEFAULT_THRESHOLDS).join(', ')}`);
    }
    if (!isObject(numbers)) throw invalid(file, `thresholds.${rule} is no object`);
    for (const [name, number] of Object.entries(numbers)) {
      if (!(name in known))
        throw invalid(file, `thresholds.${rule}.${name} is unknown`, `one of ${Object.keys(known).join(', ')}`);
      if (typeof number !== 'number' || !Number.isFinite(number))
        throw invalid(file, `thresholds.${rule}.${name} is no number`);
    }
  }
  return value as ThresholdOverrides;
}

function checkInfrastructure(file: string, value: unknown): InfrastructureRule[] {
  if (!Array.isArray(value)) throw invalid(file, 'infrastructure is no list');
  for (const rule of value) {
    const patterns = isObject(rule) ? [rule['function'], rule['createdBy'], rule['state']] : [];
    if (
      !isObject(rule) ||
      typeof rule['what'] !== 'string' ||
      !patterns.some((pattern) => typeof pattern === 'string')
    ) {
      throw invalid(file, 'infrastructure: each rule needs "what" and one of "function", "createdBy", "state"');
    }
  }
  return value as InfrastructureRule[];
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function invalid(file: string, reason: string, hint?: string): GcbendError {
  return new GcbendError('CONFIG_INVALID', `${file}: ${reason}`, hint === undefined ? {} : { hint });
}
