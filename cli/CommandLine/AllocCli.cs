using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;

namespace Alloc.Cli.CommandLine;

/// <summary>One run of the command line: parse, complete from environment and file, act, explain what failed.</summary>
internal static class AllocCli
{
    private static readonly AsyncLocal<CliHost?> Current = new();

    /// <summary>The host of the run that this code is part of.</summary>
    public static CliHost Host => Current.Value ?? throw new InvalidOperationException("No command is running.");

    /// <summary>The clock of the run that this code is part of, or the machine's.</summary>
    public static TimeProvider Time => Current.Value?.Time ?? TimeProvider.System;

    public static async Task<int> RunAsync(string[] args, CliHost host)
    {
        Current.Value = host;
        using var interrupts = new Interrupts(host);
        var debug = args.Contains("--debug");
        try
        {
            var root = CommandTree.Build();
            if (args.Length == 0)
            {
                args = ["--help"];
            }
            var asksForCompletion = args[0].StartsWith('[');
            var parsed = root.Parse(asksForCompletion
                ? args
                : SettingSources.Complete(root, ShellWords.Check(root, args), host));
            if (parsed.Errors.Count > 0 && parsed.Action is not HelpAction && !asksForCompletion)
            {
                return ShowUsage(parsed, host);
            }
            var configuration = new InvocationConfiguration
            {
                Output = host.Out,
                Error = host.Error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
            };
            return await parsed.InvokeAsync(configuration, interrupts.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (!interrupts.Token.IsCancellationRequested || e is not OperationCanceledException)
        {
            return Failure.Show(e, host, debug);
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Interrupted;
        }
        finally
        {
            await FlushAsync(host).ConfigureAwait(false);
        }
    }

    private static int ShowUsage(ParseResult parsed, CliHost host)
    {
        var path = PathOf(parsed.CommandResult);
        var nouns = parsed.CommandResult.Command.Subcommands.Select(c => c.Name).ToList();
        if (nouns.Count > 0 && parsed.UnmatchedTokens is [var word, ..] && !word.StartsWith('-'))
        {
            var similar = nouns.Where(n => Spelling.IsNear(word, n)).ToList();
            host.Error.WriteLine(
                $"alloc: '{word}' is not a command of {path}." +
                (similar.Count > 0 ? $" Did you mean {string.Join(" or ", similar)}?" : ""));
        }
        else if (nouns.Count > 0 && parsed.UnmatchedTokens.Count == 0)
        {
            host.Error.WriteLine($"alloc: {path} needs one of: {string.Join(", ", nouns)}.");
        }
        else
        {
            foreach (var message in Errors(parsed))
            {
                host.Error.WriteLine($"alloc: {message}");
            }
        }
        host.Error.WriteLine($"Usage: {path} --help");
        return ExitCode.Usage;
    }

    /// <summary>What is wrong with the words of a command, each with the option or argument that it is about.</summary>
    internal static IEnumerable<string> Errors(ParseResult parsed) =>
        parsed.Errors.Select(Named).Distinct(StringComparer.Ordinal);

    private static string Named(ParseError error) =>
        ValueChecks.NameOf(error.SymbolResult) is { } name
        && !error.Message.Contains(name, StringComparison.Ordinal)
            ? $"{name}: {error.Message}"
            : error.Message;

    private static string PathOf(CommandResult command) =>
        command.Parent is CommandResult parent ? $"{PathOf(parent)} {command.Command.Name}" : "alloc";

    private static async Task FlushAsync(CliHost host)
    {
        try
        {
            await host.Out.FlushAsync().ConfigureAwait(false);
        }
        catch (IOException)
        {
            // The reader of the pipe has gone; there is nobody left to tell.
        }
    }
}
