using System.CommandLine;
using Alloc.Client;

namespace Alloc.Cli.CommandLine;

/// <summary>The question before what touches much: asked on a terminal, answered by --yes elsewhere.</summary>
internal static class Consent
{
    /// <summary><c>--yes</c>.</summary>
    public static Option<bool> Yes { get; } = new("--yes", "-y") { Description = "Do not ask" };

    /// <summary>Refuses where nobody could answer.</summary>
    /// <param name="context">The command.</param>
    /// <param name="what">What needs consent, as the subject of a sentence.</param>
    /// <param name="isDryRun">Nothing will be done, so nothing is asked.</param>
    /// <exception cref="AllocException">There is no terminal to ask at, and no --yes.</exception>
    public static void CheckPossible(CommandContext context, string what, bool isDryRun)
    {
        if (!context.Get(Yes) && !isDryRun && !(context.Screen.IsTable && context.Host.InIsTerminal))
        {
            throw AllocException.Usage(
                $"Nobody can be asked here: {what} needs --yes where its output is JSON or its input no terminal.",
                "--dry-run shows what would be done.");
        }
    }

    /// <summary>True with --yes, or when the person at the terminal says so.</summary>
    public static bool IsGiven(CommandContext context, string question)
    {
        if (context.Get(Yes))
        {
            return true;
        }
        context.Host.Out.Flush();
        context.Host.Error.Write($"{question} [y/N] ");
        context.Host.Error.Flush();
        return context.Host.In.ReadLine()?.Trim().ToLowerInvariant() is "y" or "yes";
    }
}
