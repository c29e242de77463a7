using System.Diagnostics;
using Alloc.Engine.Dsl;
using Alloc.Engine.Joins;
using Alloc.Engine.Processing;
using Alloc.Engine.Runtime;
using Microsoft.Extensions.Logging.Abstractions;

namespace Engine.Tests.Joins;

/// <summary>
/// An outer join on a broker, with RocksDB and checkpoints, as an application of its own: in this process, or in one
/// that a test starts in order to kill it.
/// </summary>
internal sealed record JoinApplication(string BootstrapServers, string Name)
{
    private const string Variable = "ENGINE_TESTS_JOIN_CHILD";
    private static readonly string Program = Path.Combine(AppContext.BaseDirectory, "Engine.Tests");

    public static JoinWindows Windows { get; } = new(
        Before: TimeSpan.FromMilliseconds(300), After: TimeSpan.FromMilliseconds(400),
        Grace: TimeSpan.FromMilliseconds(200));

    public string Left => $"{Name}.left";

    public string Right => $"{Name}.right";

    public string Out => $"{Name}.out";

    public string Late => $"{Name}.late";

    public static void SkipWithoutProgram() =>
        Assert.SkipUnless(File.Exists(Program), "the tests were built without a program of their own");

    /// <summary>Prepares an instance.</summary>
    /// <param name="instance">Its name in the group.</param>
    /// <param name="state">Its own directory.</param>
    /// <param name="checkpoints">The directory that instances share.</param>
    public StreamsApplication Create(string instance, string state, string checkpoints)
    {
        var builder = new StreamsBuilder(Name);
        var joined = builder.Stream(Left, Serdes.Utf8, Serdes.Utf8).OuterJoin<string, string>(
            builder.Stream(Right, Serdes.Utf8, Serdes.Utf8), Windows, JoinCase.Describe,
            new("pairs", Serdes.Utf8, Serdes.Utf8, Serdes.Utf8));
        joined.Results.To(Out, Serdes.Utf8, Serdes.Utf8);
        joined.LateLeft.To(Late, Serdes.Utf8, Serdes.Utf8, name: "late-left");
        joined.LateRight.To(Late, Serdes.Utf8, Serdes.Utf8, name: "late-right");
        return new StreamsApplication(
            builder.Build(), new StreamsOptions
            {
                ApplicationId = Name,
                BootstrapServers = BootstrapServers,
                InstanceId = instance,
                StateDirectory = state,
                CheckpointDirectory = checkpoints,
                CheckpointInterval = TimeSpan.FromSeconds(1),
                SessionTimeout = TimeSpan.FromSeconds(5),
                RequestTimeout = TimeSpan.FromSeconds(5),
                TransactionTimeout = TimeSpan.FromSeconds(5),
                // One machine has one clock; the rest is for threads of the broker that wait for their turn.
                AllowedClockSkew = TimeSpan.FromSeconds(2),
            }, TimeProvider.System, NullLoggerFactory.Instance);
    }

    /// <summary>Starts an instance in a process of its own, which ends with this one.</summary>
    public Process StartProcess(string instance, string state, string checkpoints)
    {
        var start = new ProcessStartInfo(Program)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        start.Environment[Variable] = string.Join('|', BootstrapServers, Name, instance, state, checkpoints);
        return Process.Start(start)!;
    }

    /// <summary>Waits until an instance in a process of its own says that so many of its tasks are ready.</summary>
    public static async Task HasTasksAsync(Process process, int count)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(90));
        while (await process.StandardOutput.ReadLineAsync(deadline.Token) is { } line)
        {
            if (line == $"{count} tasks")
            {
                return;
            }
        }
        Assert.Fail($"the process ended before it had {count} tasks");
    }

    /// <summary>Runs the instance that a test started this process for, until the test's end.</summary>
    /// <returns>False when it was not started by a test.</returns>
    public static bool TryRun()
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { } argument)
        {
            return false;
        }
        var parts = argument.Split('|');
        var join = new JoinApplication(parts[0], parts[1]);
        RunAsync(join.Create(parts[2], parts[3], parts[4])).GetAwaiter().GetResult();
        return true;
    }

    private static async Task RunAsync(StreamsApplication application)
    {
        // The test's end closes the pipe, however it ends.
        var ending = Task.Run(Console.In.ReadToEnd);
        await using (application)
        {
            await application.StartAsync(CancellationToken.None);
            using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
            for (var told = -1; !ending.IsCompleted && application.Failure is null;)
            {
                var ready = application.State == StreamsState.Running ? application.Tasks.Count : 0;
                if (ready != told)
                {
                    Console.WriteLine($"{ready} tasks");
                    told = ready;
                }
                await timer.WaitForNextTickAsync();
            }
        }
    }
}
