using System.Diagnostics;

namespace Runner.Tests.Support;

/// <summary>A disk of its own that can really be full: a small tmpfs, which takes root to mount.</summary>
internal sealed class SmallDisk : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public string Path => _folder.Path;

    public static SmallDisk? TryMount(int megabytes)
    {
        var disk = new SmallDisk();
        if (Run("mount", "-t", "tmpfs", "-o", $"size={megabytes}m", "tmpfs", disk.Path))
        {
            return disk;
        }

        disk._folder.Dispose();
        return null;
    }

    /// <summary>Takes all but a little of the room.</summary>
    public void Fill()
    {
        using var filler = File.Create(_folder.File("filler"));
        filler.SetLength(0);
        var block = new byte[64 * 1024];
        while (new DriveInfo(Path).AvailableFreeSpace > 512 * 1024)
        {
            filler.Write(block);
            filler.Flush();
        }
    }

    /// <summary>Takes all the room there is.</summary>
    public void FillWholly()
    {
        Fill();
        using var filler = new FileStream(_folder.File("filler"), FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0);
        var page = new byte[4096];
        try
        {
            while (true)
            {
                filler.Write(page);
            }
        }
        catch (IOException)
        {
            // No more goes in.
        }
    }

    /// <summary>Gives the room back.</summary>
    public void Empty() => File.Delete(_folder.File("filler"));

    public void Dispose()
    {
        Run("umount", "-l", Path);
        _folder.Dispose();
    }

    private static bool Run(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
