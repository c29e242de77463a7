using Alloc.Engine.State;

namespace Engine.Tests.State;

public sealed class CommittedReadTests
{
    private const int ItemCount = 50;
    private const int Total = ItemCount * 100;

    [Theory]
    [InlineData(EntryForm.Objects)]
    [InlineData(EntryForm.Bytes)]
    public async Task A_reader_on_another_thread_sees_whole_commits_only(EntryForm form)
    {
        using var fixture = new StateFixture(
            new() { WriteAfterRecordCount = 20, MaximumUnwrittenRecordCount = 60, CachedEntryCount = 20 }, form);
        for (var i = 0; i < ItemCount; i++)
        {
            fixture.Record(() => fixture.ItemStore.Put(new PartKey("pool", i), new Text("100")));
        }
        fixture.Commit(1);
        var view = fixture.State.ReadCommitted<PartKey, Text>("items");
        using var stop = new CancellationTokenSource();
        var reads = 0;
        var reader = Task.Run(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                var sum = view.All()
                    .Sum(item => int.Parse(item.Value.Value, System.Globalization.CultureInfo.InvariantCulture));
                Assert.Equal(Total, sum);
                Assert.NotNull(view.Get(new PartKey("pool", reads % ItemCount)));
                Interlocked.Increment(ref reads);
            }
        });

        var random = new Random(5);
        for (var commit = 2; (commit < 3000 || Volatile.Read(ref reads) < 50) && !reader.IsCompleted; commit++)
        {
            for (var i = 0; i < 3; i++)
            {
                Transfer(fixture, random);
            }
            fixture.Commit(commit);
        }
        await stop.CancelAsync();
        await reader;

        Assert.Equal(Total, view.All()
            .Sum(item => int.Parse(item.Value.Value, System.Globalization.CultureInfo.InvariantCulture)));
    }

    private static void Transfer(StateFixture fixture, Random random) => fixture.Record(() =>
    {
        var from = new PartKey("pool", random.Next(ItemCount));
        var to = new PartKey("pool", random.Next(ItemCount));
        Add(fixture, from, -1);
        Add(fixture, to, 1);
    });

    private static void Add(StateFixture fixture, PartKey key, int amount)
    {
        var value = int.Parse(fixture.ItemStore.Get(key)!.Value, System.Globalization.CultureInfo.InvariantCulture);
        fixture.ItemStore.Put(
            key, new Text((value + amount).ToString(System.Globalization.CultureInfo.InvariantCulture)));
    }
}
