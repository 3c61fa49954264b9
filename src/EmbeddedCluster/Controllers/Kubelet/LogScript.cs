using System.Globalization;
using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.Runtime;

namespace Runner.EmbeddedCluster.Controllers.Kubelet;

/// <summary>Lines a simulated program prints.</summary>
/// <param name="Beginning">Lines of the start, each with the simulated time after the start.</param>
/// <param name="Regular">The line printed now and then, by its count from 1; null for none.</param>
internal sealed record LogScript(IReadOnlyList<(TimeSpan After, string Line)> Beginning, Func<int, string>? Regular)
{
    /// <summary>Chosen by the image's name: queue-proxy, vLLM and its kin, Gradio, Streamlit, Jupyter, or some web server.</summary>
    public static LogScript For(ContainerRun container, JsonObject pod)
    {
        var image = container.Image;
        bool Is(params ReadOnlySpan<string> names)
        {
            foreach (var name in names)
            {
                if (image.Contains(name, StringComparison.OrdinalIgnoreCase))
                {
                    return true;
                }
            }

            return false;
        }

        var port = Variable(container, "port") ?? Variable(container, "PORT") ?? "8080";
        var model = Variable(container, "REPO_ID") ?? "model";
        return Is("queue") && container.Name == "queue-proxy" ? Queue(pod)
            : Is("vllm", "sglang", "tgi", "llama", "infer", "mindie") ? Inference(model, port)
            : Is("jupyter", "notebook", "lab") ? Notebook(port)
            : Is("gradio", "space", "streamlit", "demo", "sketch") ? Space(port)
            : container.IsInit ? new(Lines(0, "preparing", $"ready for {pod.Name()}"), null)
            : Web(container.Name, port);
    }

    private static LogScript Inference(string model, string port) => new(
        Lines(
            250,
            $"INFO [api_server.py:1289] vLLM API server version 0.24.0, model {model}",
            "INFO [config.py:1604] Using max model len 8192",
            "INFO [gpu_model_runner.py:1751] Starting to load model ...",
            "Loading safetensors checkpoint shards:  25% Completed | 1/4",
            "Loading safetensors checkpoint shards: 100% Completed | 4/4",
            "INFO [gpu_worker.py:231] Available KV cache memory: 52.41 GiB",
            $"INFO [launcher.py:29] Uvicorn running on http://0.0.0.0:{port} (Press CTRL+C to quit)"),
        count => string.Create(
            CultureInfo.InvariantCulture,
            $"INFO [loggers.py:118] Avg prompt throughput: {count % 7 * 31.5:F1} tokens/s, Avg generation throughput: {count % 5 * 48.2:F1} tokens/s, Running: {count % 3} reqs, Waiting: 0 reqs"));

    private static LogScript Notebook(string port) => new(
        Lines(
            200,
            "[I ServerApp] jupyterlab | extension was successfully loaded.",
            "[I ServerApp] Serving notebooks from local directory: /workspace",
            $"[I ServerApp] Jupyter Server is running at: http://0.0.0.0:{port}/lab"),
        count => $"[I ServerApp] Saving file at /Untitled{count % 4}.ipynb");

    private static LogScript Space(string port) => new(
        Lines(300, "Loading the pipeline ...", $"Running on local URL:  http://0.0.0.0:{port}", "To create a public link, set `share=True` in `launch()`."),
        count => $"INFO:     10.42.0.1:{40000 + (count % 999)} - \"GET /queue/status HTTP/1.1\" 200 OK");

    private static LogScript Web(string name, string port) => new(
        Lines(200, $"{name}: starting", $"{name}: listening on port {port}"),
        count => $"{name}: GET / 200 ({count % 9 + 1} ms)");

    private static LogScript Queue(JsonObject pod) => new(
        Lines(100, $"{{\"severity\":\"INFO\",\"message\":\"Starting queue-proxy\",\"knative.dev/pod\":\"{pod.Name()}\"}}"), null);

    private static (TimeSpan, string)[] Lines(int milliseconds, params ReadOnlySpan<string> lines)
    {
        var result = new (TimeSpan, string)[lines.Length];
        for (var i = 0; i < lines.Length; i++)
        {
            result[i] = (TimeSpan.FromMilliseconds(milliseconds * i), lines[i]);
        }

        return result;
    }

    private static string? Variable(ContainerRun container, string name) =>
        container.Spec.Items("env").FirstOrDefault(e => e.Text("name") == name).Text("value");
}
