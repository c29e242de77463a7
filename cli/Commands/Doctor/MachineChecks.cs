using System.Globalization;
using System.Runtime.InteropServices;
using Alloc.Cli.Output;

namespace Alloc.Cli.Commands.Doctor;

/// <summary>What this machine offers: libraries, disk, open files.</summary>
internal static class MachineChecks
{
    private const long LittleSpace = 1L << 30;
    private const long NoSpace = 100L << 20;
    private const long FewFiles = 4_096;

    public static IEnumerable<Finding> Run(string dataDirectory)
    {
        yield return Finding.Ok(
            "runtime", $"{RuntimeInformation.FrameworkDescription}, {Environment.ProcessorCount} processors");
        yield return Library("Kafka client", "librdkafka.so.1", "librdkafka1");
        yield return Library("state store", "librocksdb.so.7.8", "librocksdb7.8");
        yield return OpenFiles();
        yield return Disk(dataDirectory);
    }

    private static Finding Library(string subject, string file, string package)
    {
        if (!NativeLibrary.TryLoad(file, out var handle))
        {
            return Finding.Fail(subject, $"{file} is not installed", $"make deps, or apt-get install {package}");
        }
        var version = "";
        if (NativeLibrary.TryGetExport(handle, "rd_kafka_version_str", out var symbol))
        {
            unsafe
            {
                version = " " + Marshal.PtrToStringUTF8(((delegate* unmanaged<nint>)symbol)());
            }
        }
        return Finding.Ok(subject, file + version);
    }

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
