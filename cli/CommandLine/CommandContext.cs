using System.CommandLine;
using Alloc.Cli.Output;

namespace Alloc.Cli.CommandLine;

/// <summary>What a command's action is given: its parsed values, the screen, the clock.</summary>
internal sealed class CommandContext
{
    public CommandContext(ParseResult parsed, CliHost host)
    {
        Parsed = parsed;
        Host = host;
        Screen = new Screen(host, parsed.GetValue(GlobalOptions.Output));
    }

    public ParseResult Parsed { get; }

    public CliHost Host { get; }

    public Screen Screen { get; }

    public TimeProvider Time => Host.Time;

    public T Get<T>(Option<T> option) => Parsed.GetValue(option)!;

    public T Get<T>(Argument<T> argument) => Parsed.GetValue(argument)!;

    /// <summary>True when the user, the environment or the file gave a value, not the default.</summary>
    public bool IsGiven(Option option) => Parsed.GetResult(option) is { Implicit: false };
}

/// <summary>Binds an action to a command.</summary>
internal static class CommandActions
{
    /// <summary>The action's number is the exit code; what it throws is explained by <see cref="Failure"/>.</summary>
    public static Command Runs(this Command command, Func<CommandContext, CancellationToken, Task<int>> action)
    {
        command.SetAction((parsed, cancellation) => action(new CommandContext(parsed, AllocCli.Host), cancellation));
        return command;
    }

    public static Command Runs(this Command command, Func<CommandContext, int> action) =>
        command.Runs((context, _) => Task.FromResult(action(context)));

    /// <summary>A noun that only groups its verbs.</summary>
    public static Command With(this Command command, params Command[] verbs)
    {
        foreach (var verb in verbs)
        {
            command.Subcommands.Add(verb);
        }
        return command;
    }

    public static Command Takes(this Command command, params Symbol[] symbols)
    {
        foreach (var symbol in symbols)
        {
            switch (symbol)
            {
                case Option option:
                    command.Options.Add(option);
                    break;
                case Argument argument:
                    command.Arguments.Add(argument);
                    break;
                default:
                    throw new ArgumentException(
                        $"A command takes options and arguments, not a {symbol.GetType().Name}.");
            }
        }
        return command;
    }
}
