using System.Globalization;
using System.Runtime.InteropServices;
using Alloc.Cli.Output;
using Alloc.Engine.State.RocksDb;
using Confluent.Kafka;

namespace Alloc.Cli.Commands.Doctor;

/// <summary>What this machine offers: libraries, disk, open files.</summary>
internal static class MachineChecks
{
    private const long LittleSpace = 1L << 30;
    private const long NoSpace = 100L << 20;
    private const long FewFiles = 4_096;
    private const string Platforms = "publish for this platform: docs/operations.md, \"Run\", has the line";

    public static IEnumerable<Finding> Run(string dataDirectory)
    {
        yield return Finding.Ok(
            "runtime", $"{RuntimeInformation.FrameworkDescription}, {Environment.ProcessorCount} processors");
        yield return KafkaClient();
        yield return StateStore();
        yield return OpenFiles();
        yield return Disk(dataDirectory);
    }

    private static Finding KafkaClient()
    {
        try
        {
            return Finding.Ok("Kafka client", $"librdkafka {Library.VersionString}");
        }
        catch (Exception e) when (e is DllNotFoundException or InvalidOperationException)
        {
            return Finding.Fail("Kafka client", e.Message, Platforms);
        }
    }

    private static Finding StateStore() =>
        NativeLibrary.TryLoad("rocksdb", typeof(RocksDbStateProvider).Assembly, null, out _)
            ? Finding.Ok("state store", "RocksDB")
            : Finding.Fail("state store", "RocksDB's library is not beside the program", Platforms);

    private static Finding OpenFiles()
    {
        const string Limits = "/proc/self/limits";
        var line = File.Exists(Limits)
            ? File.ReadLines(Limits).FirstOrDefault(l => l.StartsWith("Max open files", StringComparison.Ordinal))
            : null;
        var soft = line?.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) is { Length: > 3 } words
            ? words[3]
            : "unknown";
        return long.TryParse(soft, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit < FewFiles
            ? Finding.Warn(
                "open files", $"at most {limit}", $"ulimit -n {FewFiles}, or LimitNOFILE in the service's unit")
            : Finding.Ok("open files", $"at most {soft}");
    }

    private static Finding Disk(string dataDirectory)
    {
        var existing = Path.GetFullPath(dataDirectory);
        while (!Directory.Exists(existing))
        {
            existing = Path.GetDirectoryName(existing) ?? "/";
        }
        var probe = Path.Combine(existing, $".alloc-doctor-{Environment.ProcessId}");
        try
        {
            File.WriteAllText(probe, "probe");
            File.Delete(probe);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Finding.Fail(
                "data directory", $"{existing} is not writable: {e.Message}", "--data-dir names another");
        }
        var free = new DriveInfo(existing).AvailableFreeSpace;
        var seen = $"{dataDirectory}, {Bytes.Show(free)} free";
        return free switch
        {
            < NoSpace => Finding.Fail("data directory", seen, "free some space, or --data-dir on another disk"),
            < LittleSpace => Finding.Warn("data directory", seen, "a busy day may need more than 1 GiB"),
            _ => Finding.Ok("data directory", seen),
        };
    }
}
