using System.Text;
using Alloc.Engine.Joins;
using Alloc.Engine.Processing;
using Alloc.Engine.State;
using Alloc.Engine.State.RocksDb;

namespace Engine.Tests.Joins;

/// <summary>
/// A join's time indexes against what its entries say, whatever happens to them: random entries come, change and go;
/// records are undone, layers frozen, committed, dropped and written, the state is opened anew; with limits so low that
/// entries are given up and read again all the time.
/// </summary>
public sealed class JoinTimersTests
{
    [Theory]
    [InlineData(1, true, StateWritePath.Ingest)]
    [InlineData(2, true, StateWritePath.Batch)]
    [InlineData(3, false, StateWritePath.Ingest)]
    [InlineData(4, false, StateWritePath.Batch)]
    [InlineData(5, true, StateWritePath.Ingest)]
    [InlineData(6, false, StateWritePath.Ingest)]
    public void They_hold_what_the_entries_say(int seed, bool inBackground, StateWritePath path)
    {
        using var run = new ModelRun(seed, new StateStoreOptions
        {
            CachedEntryCount = 12,
            WriteAfterRecordCount = 30,
            MaximumUnwrittenRecordCount = 100,
            WritesInBackground = inBackground,
            WritePath = path,
        });

        for (var step = 0; step < 4_000; step++)
        {
            run.Step();
        }

        run.CheckAll();
    }

    private sealed class ModelRun : IDisposable
    {
        private const int KeyCount = 700;
        private readonly JoinStores names = new("j", LeftIsOuter: true, RightIsOuter: true);
        private readonly string root = Directory.CreateTempSubdirectory("join-timers-").FullName;
        private readonly Random random;
        private readonly RocksDbStateProvider provider;
        private readonly JoinKeys keys = new();
        private readonly Queue<(IStateLayer Layer, Dictionary<string, EntryTimes> Truth)> frozen = [];
        private Dictionary<string, EntryTimes> truth = [];
        private Dictionary<string, EntryTimes> committed = [];
        private ITaskState state;

        public ModelRun(int seed, StateStoreOptions options)
        {
            random = new Random(seed);
            provider = new RocksDbStateProvider(options, LocalFileSystem.Instance);
            state = Open();
        }

        public void Step()
        {
            switch (random.Next(100))
            {
                case < 70:
                    Record();
                    break;
                case < 80:
                    frozen.Enqueue((state.Freeze(), new(truth)));
                    break;
                case < 90 when frozen.TryDequeue(out var oldest):
                    state.MarkCommitted(oldest.Layer, new StatePosition());
                    committed = oldest.Truth;
                    break;
                case < 92:
                    frozen.Clear();
                    state.DropUncommitted();
                    truth = new(committed);
                    break;
                case < 93:
                    Reopen();
                    break;
                case < 94:
                    CheckAll();
                    break;
                default:
                    CheckFirst();
                    break;
            }
        }

        public void CheckAll()
        {
            var indexes = new JoinIndexes(state, names);
            Assert.Equal(Expected(t => t.Dues.LeftMs), Held(indexes.Left!));
            Assert.Equal(Expected(t => t.Dues.RightMs), Held(indexes.Right!));
            Assert.Equal(Expected(t => t.ExpiryMs, isExpiry: true), Held(indexes.Expiry));
        }

        public void Dispose()
        {
            state.Dispose();
            provider.Dispose();
            Directory.Delete(root, recursive: true);
        }

        private ITaskState Open()
        {
            byte id = 0;
            return provider.Open(new TaskStateOptions
            {
                TaskId = new TaskId(0, 0),
                Directory = Path.Combine(root, "0_0"),
                Stores = names.Define(() => ++id),
            });
        }

        private void Reopen()
        {
            state.Flush();
            state.Dispose();
            state = Open();
            frozen.Clear();
            truth = new(committed);
        }

        private void Record()
        {
            var before = new Dictionary<string, EntryTimes>(truth);
            state.BeginRecord();
            for (var changes = random.Next(1, 4); changes > 0; changes--)
            {
                Change($"k{random.Next(KeyCount)}");
            }
            if (random.Next(10) == 0)
            {
                state.RollbackRecord();
                truth = before;
            }
            else
            {
                state.CommitRecord();
            }
        }

        private void Change(string key)
        {
            var buffer = state.GetStore<JoinBuffer>(names.Buffer);
            keys.Set(Encoding.UTF8.GetBytes(key));
            var isNew = buffer.Get(keys.OfHead) is null;
            Assert.Equal(!truth.ContainsKey(key), isNew);
            if (random.Next(4) == 0)
            {
                // Others are read in between, and the entry may be given up.
                for (var others = 0; others < 30; others++)
                {
                    buffer.Get(KeyOf($"k{random.Next(KeyCount)}"));
                }
            }
            var before = truth.GetValueOrDefault(key, EntryTimes.None);
            var entry = Entry();
            var after = EntryTimes.Of(entry, names);
            var kept = keys.OfHead;
            if (entry.IsEmpty)
            {
                buffer.Delete(kept);
                truth.Remove(key);
            }
            else
            {
                var output = new ByteBuffer();
                entry.Write(output);
                kept = buffer.Put(kept, output.Written.ToArray(), isNew);
                truth[key] = after;
            }
            new JoinIndexes(state, names).Move(kept, in before, in after);
        }

        // None, one or two records, sometimes as a chunk of which nothing is left but what its head says.
        private JoinEntry Entry()
        {
            var entry = new JoinEntry();
            for (var records = random.Next(3); records > 0; records--)
            {
                var timestampMs = random.Next(200);
                entry.Add(new BufferedRecord
                {
                    Flags = (RecordFlags)random.Next(4),
                    TimestampMs = timestampMs,
                    EndMs = timestampMs + 10,
                    DueMs = timestampMs + 15,
                    Source = [1],
                    Length = 1,
                });
            }
            if (!entry.IsEmpty && random.Next(4) == 0)
            {
                entry.MoveTo(new JoinEntry(), leftIsOuter: true, rightIsOuter: true);
            }
            return entry;
        }

        private void CheckFirst()
        {
            var indexes = new JoinIndexes(state, names);
            Assert.Equal(Expected(t => t.Dues.LeftMs).FirstOrDefault(), First(indexes.Left!));
            Assert.Equal(Expected(t => t.Dues.RightMs).FirstOrDefault(), First(indexes.Right!));
            Assert.Equal(Expected(t => t.ExpiryMs, isExpiry: true).FirstOrDefault(), First(indexes.Expiry));
        }

        private List<string> Expected(Func<EntryTimes, long> time, bool isExpiry = false) => [.. truth
            .Where(t => time(t.Value) != long.MaxValue)
            .Select(t => $"{time(t.Value):D4} {(isExpiry ? t.Value.HasChunks ? "+" : "-" : "")}{t.Key}")
            .Order(Comparer<string>.Create((x, y) => string.CompareOrdinal(ByBytes(x), ByBytes(y))))];

        // Those with chunks come after those without.
        private static string ByBytes(string timer) => timer.Replace('+', '~');

        private static List<string> Held(JoinTimers index) =>
            [.. index.Until(long.MaxValue - 1).Select(t => Describe(t.Key, t.Value.Span))];

        private static string? First(JoinTimers index) =>
            index.TryPeek(out var dueAtMs, out var key) ? Describe(dueAtMs, key.Span) : null;

        private static string Describe(long dueAtMs, ReadOnlySpan<byte> key) => key[0] switch
        {
            0 => $"{dueAtMs:D4} -{Encoding.UTF8.GetString(key[1..])}",
            1 => $"{dueAtMs:D4} +{Encoding.UTF8.GetString(key[1..])}",
            _ => $"{dueAtMs:D4} {Encoding.UTF8.GetString(key)}",
        };

        private static EncodedKey KeyOf(string key) =>
            EncodedKey.CopyOf([JoinKeys.Head, .. Encoding.UTF8.GetBytes(key)]);
    }
}
