import type { Completions } from './words.js';

/**
 * One script per shell. Each follows the words before the cursor to a command and offers its subcommands, or its options
 * after a dash; files where nothing fits.
 */
export const completionScripts: Readonly<Record<string, (all: readonly Completions[]) => string>> = {
  bash: (all) => `# teamtalk completion for bash: source <(teamtalk completion bash)
_teamtalk() {
  local at='' words='' i current="\${COMP_WORDS[COMP_CWORD]}" left_out='-*'
  [[ $current == -* ]] && left_out=''
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$at \${COMP_WORDS[i]}" in
      ${pathsOf(all).join(' | ')}) at="$at \${COMP_WORDS[i]}" ;;
    esac
  done
  case "$at" in
${all.map(({ path, words }) => `    ${key(path)}) words='${words.map(({ word }) => word).join(' ')}' ;;`).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -X "$left_out" -- "$current"))
}
complete -o default -F _teamtalk teamtalk
`,

  zsh: (all) => `#compdef teamtalk
# teamtalk completion for zsh, after compinit: source <(teamtalk completion zsh)
_teamtalk() {
  local at='' word
  local -a found
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "$at $word" in
      ${pathsOf(all).join(' | ')}) at="$at $word" ;;
    esac
  done
  case "$at" in
${all
  .map(
    ({ path, words }) => `    ${key(path)})
      found=(
${words.map(({ word, description }) => `        ${quoted(`${word}:${description}`)}`).join('\n')}
      ) ;;`,
  )
  .join('\n')}
  esac
  [[ $PREFIX == -* ]] || found=("\${(@)found:#-*}")
  _describe teamtalk found || _files
}
compdef _teamtalk teamtalk
`,

  fish: (all) => `# teamtalk completion for fish: teamtalk completion fish | source
function __teamtalk_at
  set -l at ''
  set -l words (commandline -opc)
  set -e words[1]
  for word in $words
    if contains -- "$at $word" ${pathsOf(all).join(' ')}
      set at "$at $word"
    end
  end
  test "$at" = "$argv[1]"
end
${all
  .flatMap(({ path, words }) =>
    words.map(({ word, description, kind, takesValue }) => {
      const what = kind === 'option' ? `-l ${word.slice(2)}${takesValue ? ' -r' : ''}` : `-f -a ${word}`;
      return `complete -c teamtalk -n "__teamtalk_at ${key(path)}" ${what} -d ${fishQuoted(description)}`;
    }),
  )
  .join('\n')}
`,
};

function pathsOf(all: readonly Completions[]): string[] {
  return all.filter(({ path }) => path !== '').map(({ path }) => key(path));
}

/** A path as the scripts compare it: a space before each word. */
function key(path: string): string {
  return path === '' ? "''" : `' ${path}'`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function fishQuoted(text: string): string {
  return `'${text.replaceAll(/['\\]/g, '\\$&')}'`;
}
