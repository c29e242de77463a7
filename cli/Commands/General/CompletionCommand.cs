using System.CommandLine;
using Alloc.Cli.CommandLine;

namespace Alloc.Cli.Commands.General;

/// <summary><c>alloc completion bash|zsh|fish</c>: the script that makes the shell complete alloc's words.</summary>
internal static class CompletionCommand
{
    private const string Bash = """
        # eval "$(alloc completion bash)"
        _alloc_complete() {
          local IFS=$'\n'
          local words=$(alloc "[suggest:${COMP_POINT}]" "${COMP_LINE}" 2>/dev/null)
          COMPREPLY=($(compgen -W "$words" -- "${COMP_WORDS[COMP_CWORD]}"))
        }
        complete -o default -F _alloc_complete alloc
        """;

    private const string Zsh = """
        # eval "$(alloc completion zsh)"
        _alloc_complete() {
          local -a words_found
          words_found=("${(@f)$(alloc "[suggest:${CURSOR}]" "${BUFFER}" 2>/dev/null)}")
          compadd -- "${words_found[@]}"
        }
        compdef _alloc_complete alloc
        """;

    private const string Fish = """
        # alloc completion fish | source
        complete -c alloc -f -a '(alloc "[suggest:"(commandline -C)"]" (commandline) 2>/dev/null)'
        """;

    private static readonly Argument<string> Shell = new("shell") { Description = "bash, zsh or fish" };

    static CompletionCommand() => Shell.AcceptOnlyFromAmong("bash", "zsh", "fish");

    public static Command Create() =>
        new Command("completion", "Print the script that completes alloc's words in a shell").Takes(Shell).Runs(Run);

    private static int Run(CommandContext context)
    {
        context.Screen.Verbatim(context.Get(Shell) switch { "bash" => Bash, "zsh" => Zsh, _ => Fish });
        return ExitCode.Ok;
    }
}
