using Runner.Engine.Configuration;

namespace Runner.Engine.Workloads.ImageBuilds;

/// <summary>What Kaniko is told. Pure.</summary>
internal static class KanikoArguments
{
    /// <summary>Where the cache's volume is mounted.</summary>
    public const string CacheFolder = "/kaniko-cache";

    /// <summary>Where the build context is and where the image goes are the runner's own business.</summary>
    private static readonly string[] Reserved = ["--context", "--destination", "-c", "-d"];

    /// <summary>Our own arguments first, then the configured ones, which win where both say something.</summary>
    /// <param name="image">Full name of the image.</param>
    /// <param name="hasCache">Whether the cache's volume is mounted.</param>
    public static List<string> Of(ImageBuildRequest request, string image, RunnerOptions options, bool hasCache)
    {
        List<string> arguments =
        [
            $"--context={ImageBuildManifest.SharedFolder}/{request.SpaceName}",
            $"--destination={image}",
            BuildArgument("GIT_IMAGE", options.ImageBuilds.GitImage),
        ];
        if (request.Sdk is not ("docker" or "nginx"))
        {
            arguments.Add(BuildArgument("SPACE_BASE_TAG", BaseImages.Tag(request)!));
        }

        if (BaseImages.EarlierVersion(request) is { } version)
        {
            arguments.Add(BuildArgument("SPACE_BASE_VERSION", version));
        }

        var configured = Configured(options.ImageBuilds.KanikoArguments).ToList();
        if (options.Services.PyPiIndexUrl.Length > 0 && !configured.Exists(argument => argument.StartsWith("--build-arg=PyPI=", StringComparison.Ordinal)))
        {
            arguments.Add(BuildArgument("PyPI", options.Services.PyPiIndexUrl));
        }

        arguments.AddRange(configured);
        if (hasCache)
        {
            arguments.AddRange(new[] { "--cache=true", $"--cache-dir={CacheFolder}" }.Except(configured));
        }

        return arguments;
    }

    /// <summary>The configured arguments without those that are not theirs to say, whether their value stands in the same argument or in the next one.</summary>
    private static IEnumerable<string> Configured(IEnumerable<string> arguments)
    {
        var dropNext = false;
        foreach (var argument in arguments)
        {
            var isValue = !argument.StartsWith('-');
            if (isValue && dropNext)
            {
                dropNext = false;
                continue;
            }

            dropNext = Reserved.Contains(argument);
            if (!dropNext && !IsReserved(argument))
            {
                yield return argument;
            }
        }
    }

    // Short options take their value without a sign between: -dregistry/image.
    private static bool IsReserved(string argument) => argument.StartsWith("--", StringComparison.Ordinal)
        ? argument.StartsWith("--context", StringComparison.Ordinal) || argument.StartsWith("--destination", StringComparison.Ordinal)
        : argument.StartsWith("-c", StringComparison.Ordinal) || argument.StartsWith("-d", StringComparison.Ordinal);

    private static string BuildArgument(string name, string value) => $"--build-arg={name}={value}";
}
