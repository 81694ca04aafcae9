// In: events. Out: JUnit XML: one test case a rule, failed by every finding that is more than a note.
import { XMLBuilder } from 'fast-xml-parser';
import { cleanText } from '../events/clean-text.ts';
import { type FindingEvent, findingRules } from '../events/types.ts';
import { frameWords } from './frame-words.ts';
import { Results } from './results.ts';
import type { EventSink } from './types.ts';

function bodyOf(finding: FindingEvent): string {
  const lines = [finding.detail];
  if (finding.process !== undefined) lines.push(`process: ${finding.process}`);
  if (finding.at !== undefined) lines.push(`since: ${finding.at} s`);
  if (finding.site !== undefined) lines.push(`where: ${frameWords(finding.site)}`);
  if (finding.createdBy !== undefined) lines.push(`created by: ${frameWords(finding.createdBy)}`);
  lines.push(`confidence: ${finding.confidence}`, `evidence: ${JSON.stringify(finding.evidence)}`);
  for (const advice of finding.advice ?? []) lines.push(`next: ${advice}`);
  return lines.map(cleanText).join('\n');
}

/**
 * A finding fails its rule's test case when it is a warning or worse, or when `failOn` names its rule; a note stands in `system-out`.
 * Rules without a finding pass.
 */
export function createJunitSink(failOn: ReadonlySet<string> = new Set()): EventSink {
  const results = new Results();
  return {
    push(event) {
      results.push(event);
      return undefined;
    },
    finish(notes = []) {
      const findings = results.findings();
      let failures = 0;
      const fails = (finding: FindingEvent) => finding.severity !== 'info' || failOn.has(finding.rule);
      const caseOf = (rule: string, finding?: FindingEvent) => {
        const process = finding?.process === undefined ? '' : ` (process ${finding.process})`;
        const attributes = {
          '@_classname': `gcbend.${rule}`,
          '@_name': finding === undefined ? rule : cleanText(`${rule}: ${finding.title}${process}`),
          '@_time': '0',
        };
        if (finding === undefined) return attributes;
        if (!fails(finding)) return { ...attributes, 'system-out': bodyOf(finding) };
        failures++;
        const failure = { '@_type': finding.severity, '@_message': cleanText(finding.title), '#text': bodyOf(finding) };
        return { ...attributes, failure };
      };
      // A rule that is not listed here (saved by a later version) still has its case.
      const rules = new Set<string>([...findingRules, ...findings.map((finding) => finding.rule)]);
      const cases = [...rules].flatMap((rule) => {
        const own = findings.filter((finding) => finding.rule === rule);
        return own.length === 0 ? [caseOf(rule)] : own.map((finding) => caseOf(rule, finding));
      });
      const sums = { '@_tests': cases.length, '@_failures': failures, '@_errors': 0, '@_time': '0' };
      const builder = new XMLBuilder({
        ignoreAttributes: false,
        format: true,
        suppressEmptyNode: true,
        processEntities: true,
      });
      return builder.build({
        '?xml': { '@_version': '1.0', '@_encoding': 'UTF-8' },
        testsuites: {
          '@_name': 'gcbend',
          ...sums,
          testsuite: {
            '@_name': cleanText([...results.sources].join(', ') || 'gcbend'),
            ...sums,
            '@_skipped': 0,
            testcase: cases,
            ...(notes.length === 0 ? {} : { 'system-err': notes.map(cleanText).join('\n') }),
          },
        },
      });
    },
  };
}
