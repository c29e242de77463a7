using System.Diagnostics;

namespace EndToEnd.Tests.Processes;

/// <summary>
/// A file system of a few megabytes for a test: it can be filled to the last byte, and emptied again.
/// </summary>
internal sealed class SmallDisk : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    private SmallDisk(int megabytes)
    {
        Root = directory["disk"];
        Directory.CreateDirectory(Root);
        var error = Run("mount", "-t", "tmpfs", "-o", $"size={megabytes}m", "tmpfs", Root);
        if (error is not null)
        {
            directory.Dispose();
            Assert.Skip($"a small file system cannot be mounted here: {error}");
        }
    }

    public string Root { get; }

    public string this[string name] => Path.Combine(Root, name);

    private string Ballast => this["ballast"];

    /// <summary>Mounts one, or skips the test where that is not permitted.</summary>
    public static SmallDisk Mount(int megabytes)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "a small file system is mounted as Linux does it");
        return new SmallDisk(megabytes);
    }

    /// <summary>Takes all room but so many bytes.</summary>
    public void FillBut(long bytes)
    {
        var left = new DriveInfo(Root).AvailableFreeSpace - bytes;
        using var ballast = new FileStream(Ballast, FileMode.Append, FileAccess.Write, FileShare.None, bufferSize: 0);
        try
        {
            for (var block = new byte[4096]; left > 0; left -= block.Length)
            {
                ballast.Write(block);
            }
        }
        catch (IOException)
        {
            // Another writer was quicker: the disk is as full as can be.
        }
    }

    /// <summary>Gives the room back.</summary>
    public void Free() => File.Delete(Ballast);

    public void Dispose()
    {
        Run("umount", "-l", Root);
        directory.Dispose();
    }

    /// <summary>What the program complained about, or null.</summary>
    private static string? Run(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        try
        {
            using var process = Process.Start(start)!;
            var error = process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0 ? null : error.Trim();
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return e.Message;
        }
    }
}
