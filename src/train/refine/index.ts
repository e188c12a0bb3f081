export {
  type EncodedTasks,
  type RefinementExample,
  type RefinementWords,
  refinementExamples,
  refinementPrompt,
} from './examples.ts';
export {
  type MeasureOptions,
  measureRefinement,
  type RefinementForm,
  type RefinementScores,
} from './measure-refinement.ts';
export { probeRefinement, type RefineForecast } from './probe-refine.ts';
export { type RefineOutcome, refineFacts, refineOutcome, refineReport } from './refine-report.ts';
export { type Mixture, REFINE_DEFAULTS, type RefineSettings, refineSettings } from './settings.ts';
export {
  checkKinds,
  type RefineOptions,
  type RefineRow,
  type RefineRun,
  refineSteps,
  trainRefiner,
} from './train-refine.ts';
