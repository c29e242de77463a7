using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Confluent.Kafka;

namespace Alloc.Bench;

/// <summary>What the figures were taken on: a reader cannot judge them without it.</summary>
internal static class Machine
{
    public static JsonObject Describe(string dataDirectory) => new()
    {
        ["cpu"] = Cpu(),
        ["cores"] = Environment.ProcessorCount,
        ["memoryGiB"] = Math.Round(MemoryKiB() / 1024.0 / 1024.0, 1),
        ["system"] = RuntimeInformation.OSDescription.Trim(),
        ["disk"] = Disk(dataDirectory),
        ["runtime"] = RuntimeInformation.FrameworkDescription,
        ["librdkafka"] = Library.VersionString,
    };

    /// <summary>The most memory that a process has had resident, in bytes; 0 where the system does not say.</summary>
    public static long PeakResidentBytes(int processId) =>
        ReadKiB($"/proc/{processId}/status", "VmHWM:") * 1024;

    private static long MemoryKiB() => ReadKiB("/proc/meminfo", "MemTotal:");

    private static string Cpu() => Lines("/proc/cpuinfo")
        .Where(l => l.StartsWith("model name", StringComparison.Ordinal))
        .Select(l => l[(l.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim())
        .FirstOrDefault() ?? RuntimeInformation.ProcessArchitecture.ToString();

    private static string Disk(string directory)
    {
        var path = Path.GetFullPath(directory);
        var drive = DriveInfo.GetDrives()
            .Where(d => path.StartsWith(d.RootDirectory.FullName, StringComparison.Ordinal))
            .MaxBy(d => d.RootDirectory.FullName.Length);
        return drive?.DriveFormat ?? "unknown";
    }

    private static long ReadKiB(string file, string name)
    {
        var line = Lines(file).FirstOrDefault(l => l.StartsWith(name, StringComparison.Ordinal));
        var digits = line?[name.Length..].Trim().Split(' ')[0];
        return long.TryParse(digits, out var value) ? value : 0;
    }

    private static string[] Lines(string file)
    {
        try
        {
            return File.ReadAllLines(file);
        }
        catch (IOException)
        {
            return [];
        }
    }
}
