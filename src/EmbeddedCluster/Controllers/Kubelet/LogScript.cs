using System.Globalization;
using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Controllers.Argo;
using Runner.EmbeddedCluster.Controllers.Runtime;

namespace Runner.EmbeddedCluster.Controllers.Kubelet;

/// <summary>Lines a simulated program prints.</summary>
/// <param name="Beginning">Lines of the start, each with the simulated time after the start.</param>
/// <param name="Regular">The line printed now and then, by its count from 1; null for none.</param>
internal sealed record LogScript(IReadOnlyList<(TimeSpan After, string Line)> Beginning, Func<int, string>? Regular)
{
    /// <summary>Chosen by the image's name and what the pod is for: queue-proxy, jobs of workflows, vLLM and its kin, Gradio, Streamlit, Jupyter, or some web server.</summary>
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
            : pod.Label(ArgoKeys.Workflow) is { } workflow ? Job(container, workflow)
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

    private static LogScript Job(ContainerRun container, string workflow) => container.Name switch
    {
        "init" => new(Lines(0, "level=info msg=\"Starting Workflow Executor\" version=v3.6.10"), null),
        "wait" => new(Lines(0, "level=info msg=\"Starting Workflow Executor\" version=v3.6.10", "level=info msg=\"Starting deadline monitor\""), null),
        _ when container.Image.Contains("kaniko", StringComparison.OrdinalIgnoreCase) => new(
            Lines(400, "INFO[0000] Retrieving image manifest python:3.11-slim", "INFO[0001] Building stage 'python:3.11-slim' [idx: '0', base-idx: '-1']", "INFO[0002] Taking snapshot of full filesystem..."),
            count => string.Create(CultureInfo.InvariantCulture, $"INFO[{count * 15:D4}] RUN pip install -r requirements.txt")),
        _ => new(
            Lines(300, $"{workflow}: {container.Name} starts", "loading model and dataset ...", "step 1/100"),
            count => string.Create(CultureInfo.InvariantCulture, $"step {1 + (count * 5 % 100)}/100 loss {2.5 / (1 + (count % 20)):F3}")),
    };

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
