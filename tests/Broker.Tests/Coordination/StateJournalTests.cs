using System.Text;
using Alloc.Broker.Coordination;
using Alloc.Broker.Storage;
using Microsoft.Win32.SafeHandles;

namespace Broker.Tests.Coordination;

public sealed class StateJournalTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("alloc-journal-").FullName;

    private string CurrentFile => Directory.GetFiles(directory).Single();

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public void Records_come_back_in_order()
    {
        Write("a", "b", "c");

        Assert.Equal(["a", "b", "c"], Recover());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Torn_tail_is_cut_off_and_written_over(bool isNewBoot)
    {
        var mode = isNewBoot ? RecoveryMode.NewBoot : RecoveryMode.SameBoot;
        Write("a", "b");
        Truncate(CurrentFile, by: 1);

        Assert.Equal(["a"], Recover(mode, "c"));
        Assert.Equal(["a", "c"], Recover());
    }

    [Fact]
    public void Damage_before_a_good_record_is_refused_while_the_machine_went_on()
    {
        Write("first", "second");
        Flip(CurrentFile, "first");

        var refused = Assert.Throws<JournalDamagedException>(() => Recover());

        Assert.Contains("is damaged at byte", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Hole_in_what_was_never_synced_is_cut_off_after_a_restart_of_the_machine()
    {
        Write("first", "second");
        Flip(CurrentFile, "first");

        Assert.Empty(Recover(RecoveryMode.NewBoot));
    }

    [Fact]
    public void Damage_to_what_was_synced_is_refused_after_a_restart_of_the_machine_too()
    {
        using (var journal = Open(RecoveryMode.SameBoot, []))
        {
            Append(journal, "first");
            journal.Sync();
            Append(journal, "second");
        }

        Flip(CurrentFile, "first");

        Assert.Throws<JournalDamagedException>(() => Recover(RecoveryMode.NewBoot));
    }

    [Fact]
    public void Rewritten_file_replaces_the_old_one_once_it_is_durable()
    {
        using (var journal = Open(RecoveryMode.SameBoot, []))
        {
            Append(journal, "old");
            journal.Rewrite(target => Append(target, "snapshot"));
            Append(journal, "new");
            Assert.Equal(2, Directory.GetFiles(directory).Length);
            journal.Sync();
            Assert.Single(Directory.GetFiles(directory));
        }

        Assert.Equal(["snapshot", "new"], Recover());
    }

    [Fact]
    public void Crash_in_the_middle_of_a_snapshot_leaves_the_file_before_it()
    {
        Write("a");
        var old = CurrentFile;
        using (var journal = Open(RecoveryMode.SameBoot, []))
        {
            journal.Rewrite(target => Append(target, "snapshot"));
        }

        Truncate(Directory.GetFiles(directory).Single(f => f != old), by: 1);

        Assert.Equal(["a"], Recover());
        Assert.Equal(old, CurrentFile);
    }

    [Fact]
    public void Rewrite_pays_when_changes_outweigh_the_snapshot()
    {
        using var journal = Open(RecoveryMode.SameBoot, []);
        var text = new string('x', 10_000);
        for (var i = 0; i < 100; i++)
        {
            Append(journal, text);
        }

        Assert.False(journal.WantsRewrite);
        for (var i = 0; i < 10; i++)
        {
            Append(journal, text);
        }

        Assert.True(journal.WantsRewrite);
        journal.Rewrite(target => Append(target, "small"));
        Assert.False(journal.WantsRewrite);
        Assert.True(journal.Size < 200);
    }

    [Fact]
    public void Record_that_the_disk_refuses_is_not_there_and_the_next_one_is()
    {
        var disk = new FullDisk();
        using (var journal = StateJournal.Open(directory, disk, RecoveryMode.SameBoot, static _ => { }))
        {
            Append(journal, "a");
            disk.IsFull = true;
            Assert.Throws<StorageException>(() => Append(journal, "lost"));
            Assert.Throws<StorageException>(() => journal.Rewrite(target => Append(target, "lost too")));
            disk.IsFull = false;
            Append(journal, "b");
        }

        Assert.Equal(["a", "b"], Recover());
    }

    private static void Append(IStateJournal journal, string text) =>
        journal.Append([(byte)JournalRecordKind.Group, .. Encoding.UTF8.GetBytes(text)]);

    private static void Truncate(string path, int by)
    {
        using var file = File.Open(path, FileMode.Open);
        file.SetLength(file.Length - by);
    }

    private static void Flip(string path, string text)
    {
        var bytes = File.ReadAllBytes(path);
        bytes[bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(text))] ^= 1;
        File.WriteAllBytes(path, bytes);
    }

    private StateJournal Open(RecoveryMode mode, List<string> recovered) => StateJournal.Open(
        directory, new Disk(), mode, record => recovered.Add(Encoding.UTF8.GetString(record[1..])));

    private void Write(params string[] texts)
    {
        using var journal = Open(RecoveryMode.SameBoot, []);
        foreach (var text in texts)
        {
            Append(journal, text);
        }
    }

    private List<string> Recover(RecoveryMode mode = RecoveryMode.SameBoot, params string[] more)
    {
        var recovered = new List<string>();
        using var journal = Open(mode, recovered);
        foreach (var text in more)
        {
            Append(journal, text);
        }

        return recovered;
    }

    private sealed class FullDisk : Disk
    {
        public bool IsFull { get; set; }

        public override void Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, long position)
        {
            if (IsFull)
            {
                base.Write(file, bytes[..(bytes.Length / 2)], position);
                throw new IOException("No space left on device");
            }

            base.Write(file, bytes, position);
        }
    }
}
