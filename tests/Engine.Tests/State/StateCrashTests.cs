using System.Globalization;
using Alloc.Engine.State;

namespace Engine.Tests.State;

/// <summary>
/// Another process folds numbered records into a state and is killed with SIGKILL while its layers are written all the
/// time; what is left must be the fold of exactly the records before its position.
/// </summary>
public sealed class StateCrashTests
{
    [Theory]
    [InlineData(StateWritePath.Ingest, 1)]
    [InlineData(StateWritePath.Batch, 2)]
    public async Task State_and_position_agree_after_kill_9_at_any_moment(StateWritePath path, int seed)
    {
        StateChild.SkipWithoutProgram();
        var cancellation = TestContext.Current.CancellationToken;
        var directory = Directory.CreateTempSubdirectory("state-crash-").FullName;
        var random = new Random(seed);
        var last = 0L;

        for (var round = 0; round < 6; round++)
        {
            using var child = StateChild.Start(StateChild.Job.Fold, directory, path);
            var target = last + random.Next(1, 4000);
            while (await child.StandardOutput.ReadLineAsync(cancellation) is { } line
                && long.Parse(line, CultureInfo.InvariantCulture) < target)
            {
            }
            // Somewhere within the next writes of the child.
            for (var spin = random.Next(200_000); spin > 0; spin--)
            {
            }
            child.Kill();
            await child.WaitForExitAsync(cancellation);

            last = Check(directory, path, last);
        }

        Directory.Delete(directory, recursive: true);
    }

    private static long Check(string directory, StateWritePath path, long atLeast)
    {
        using var provider = StateChild.Provider(path);
        using var state = StateChild.Open(provider, directory);
        var position = state.Position.NextOffset("journal") ?? 0;
        var expected = new SortedDictionary<int, string>();
        for (var offset = 0L; offset < position; offset++)
        {
            expected[StateChild.ItemOf(offset).Number] = offset.ToString(CultureInfo.InvariantCulture);
        }

        Assert.True(position >= atLeast, $"the position went back from {atLeast} to {position}");
        Assert.Equal(
            expected, state.GetStore<IKeyValueStore<PartKey, Text>>("items").All()
                .ToDictionary(i => i.Key.Number, i => i.Value.Value));
        Assert.Equal(
            expected.Values.Select(v => long.Parse(v, CultureInfo.InvariantCulture)).Order(),
            state.GetStore<ITimeIndex<PartKey>>("timers").Until(long.MaxValue).Select(t => t.Key));
        return position;
    }
}
