// In: texts of the help that yargs lays out. Out: their columns, by the report's own measure; the package string-width, whose place this
// takes in the bundle, makes an Intl.Segmenter when it is loaded: a quarter of the time that Node itself needs to start.
export { textWidth as default } from '../src/render/sanitize.ts';
