export { FAMILY_VOCABULARY, LETTERS, PLACES, placeTagging } from './alphabet.ts';
export {
  answerOf,
  type DrawOptions,
  drawProblem,
  drawProblems,
  type Family,
  type FamilyProblem,
  type Split,
  solves,
  splitOf,
  toProblem,
} from './family.ts';
export {
  candidateText,
  gradePrompt,
  gradeReply,
  readGrade,
  readSelection,
  refinePrompt,
  type SelectReading,
  selectPrompt,
  selectReply,
} from './formats.ts';
export {
  allQuotes,
  FAMILIES,
  gradeExample,
  OUT_OF_DOMAIN_FAMILIES,
  pointExample,
  type Quote,
  refineExample,
  type SkillExample,
  selectExample,
  solveExample,
  TRAINING_FAMILIES,
} from './skills.ts';
