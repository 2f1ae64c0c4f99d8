/** @file A project file as the user process runs it: JavaScript, stoppable, with a map back to its source. */
import { MagicString } from "magic-string";
import { editMap, instrument, OPT_OUT } from "./instrument.ts";
import { composeMaps, parseScript, stripTypes, type Transformed } from "./typescript.ts";

export type ModuleOptions = { readonly legacyDecorators?: boolean };

/** Transforms one ES module. Throws CodeError with the place if it can't be parsed. */
export function transformModule(
  file: string,
  text: string,
  options: ModuleOptions = {},
): Transformed {
  const stripped = stripTypes(file, text, { keepImports: false, ...options });
  if (text.includes(OPT_OUT)) return stripped;
  const { program } = parseScript(file, stripped.code);
  const edited = new MagicString(stripped.code);
  instrument(program, edited);
  return { code: edited.toString(), map: () => composeMaps(editMap(edited), stripped, file, text) };
}
