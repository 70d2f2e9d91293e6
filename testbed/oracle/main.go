// Upstream's own code, asked case by case: one JSON object a line in, one JSON value a line out.
//
// Built as the node is (go.mod has its list of replacements), so that it judges by the code that the node runs.
package main

import (
	"bufio"
	"context"
	_ "crypto/sha256"
	_ "crypto/sha512" // as the kubelet does: go-digest knows no algorithm that is not linked in
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	containerd "github.com/containerd/containerd/reference"
	"github.com/containerd/containerd/remotes/docker"
	"github.com/containerd/containerd/remotes/docker/auth"
	"github.com/distribution/reference"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/klog/v2"
	"k8s.io/kubectl/pkg/polymorphichelpers"
	"k8s.io/kubernetes/pkg/credentialprovider"
	"k8s.io/kubernetes/pkg/credentialprovider/secrets"
)

type answer = map[string]any

// The question of a line is named by its field "do"; its other fields are the arguments.
var questions = map[string]func([]byte) (answer, error){
	"reference": parseReference,
	"logins":    findLogins,
	"rollout":   rolloutStatus,
	"challenge": parseChallenge,
	"scopes":    tokenScopes,
	"duration":  parseDuration,
	"selector":  parseSelector,
	"name":      checkName,
}

func main() {
	klog.LogToStderr(false)
	klog.SetOutput(io.Discard) // the keyring logs each key that it passes over
	if err := serve(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "oracle:", err)
		os.Exit(1)
	}
}

func serve(input io.Reader, output io.Writer) error {
	lines := bufio.NewReaderSize(input, 1<<20)
	written := bufio.NewWriterSize(output, 1<<20)
	defer written.Flush()
	encoder := json.NewEncoder(written)
	encoder.SetEscapeHTML(false)
	for {
		line, err := lines.ReadBytes('\n')
		if err == io.EOF && len(line) == 0 {
			return nil
		} else if err != nil && err != io.EOF {
			return err
		}
		answered, err := ask(line)
		if err != nil {
			return err
		}
		if err := encoder.Encode(answered); err != nil {
			return err
		}
	}
}

// ask answers one line. What upstream refuses is an answer; only a line that cannot be understood is an error.
func ask(line []byte) (answer, error) {
	var head struct{ Do string }
	if err := json.Unmarshal(line, &head); err != nil {
		return nil, fmt.Errorf("%q: %w", line, err)
	}
	question, known := questions[head.Do]
	if !known {
		return nil, fmt.Errorf("%q: no such question", line)
	}
	return question(line)
}

func refused(err error) answer { return answer{"error": err.Error()} }

func parseReference(line []byte) (answer, error) {
	var asked struct{ Text string }
	if err := json.Unmarshal(line, &asked); err != nil {
		return nil, err
	}
	named, err := reference.ParseNormalizedNamed(asked.Text)
	if err != nil {
		return refused(err), nil
	}
	found := answer{"domain": reference.Domain(named), "path": reference.Path(named), "tag": "", "digest": ""}
	if tagged, is := named.(reference.Tagged); is {
		found["tag"] = tagged.Tag()
	}
	if digested, is := named.(reference.Digested); is {
		found["digest"] = digested.Digest().String()
	}
	found["familiar"] = reference.FamiliarString(named)
	docker, err := reference.ParseDockerRef(asked.Text)
	if err != nil {
		return refused(err), nil
	}
	found["docker"] = docker.String()
	return found, nil
}

func findLogins(line []byte) (answer, error) {
	var asked struct {
		Secrets []struct {
			Type string
			Data map[string][]byte
		}
		Names []string
	}
	if err := json.Unmarshal(line, &asked); err != nil {
		return nil, err
	}
	var passed []corev1.Secret
	for _, each := range asked.Secrets {
		passed = append(passed, corev1.Secret{Type: corev1.SecretType(each.Type), Data: each.Data})
	}
	keyring, err := secrets.MakeDockerKeyring(passed, &credentialprovider.BasicDockerKeyring{})
	if err != nil {
		return refused(err), nil
	}
	found := make([][][2][]byte, 0, len(asked.Names)) // as bytes, since a login need not be UTF-8
	for _, name := range asked.Names {
		logins, _ := keyring.Lookup(name)
		pairs := make([][2][]byte, 0, len(logins))
		for _, login := range logins {
			pairs = append(pairs, [2][]byte{[]byte(login.Username), []byte(login.Password)})
		}
		found = append(found, pairs)
	}
	return answer{"logins": found}, nil
}

func rolloutStatus(line []byte) (answer, error) {
	var asked struct {
		Object   map[string]any
		Revision int64
	}
	if err := json.Unmarshal(line, &asked); err != nil {
		return nil, err
	}
	object := &unstructured.Unstructured{Object: asked.Object}
	kind := schema.GroupKind{Group: "apps", Kind: object.GetKind()}
	viewer, err := polymorphichelpers.StatusViewerFor(kind)
	if err != nil {
		return nil, err
	}
	message, done, err := viewer.Status(object, asked.Revision)
	if err != nil {
		return answer{"error": err.Error(), "done": done}, nil
	}
	return answer{"message": message, "done": done}, nil
}

func parseChallenge(line []byte) (answer, error) {
	var asked struct{ Lines []string }
	if err := json.Unmarshal(line, &asked); err != nil {
		return nil, err
	}
	schemes := map[auth.AuthenticationScheme]string{
		auth.BasicAuth: "basic", auth.DigestAuth: "digest", auth.BearerAuth: "bearer",
	}
	challenges := []answer{}
	for _, each := range auth.ParseAuthHeader(http.Header{"Www-Authenticate": asked.Lines}) {
		challenges = append(challenges, answer{"scheme": schemes[each.Scheme], "parameters": each.Parameters})
	}
	return answer{"challenges": challenges}, nil
}

// tokenScopes answers which scopes a token is asked for, in the order of the request.
func tokenScopes(line []byte) (answer, error) {
	var asked struct{ Locator, Scope string }
	if err := json.Unmarshal(line, &asked); err != nil {
		return nil, err
	}
	ctx, err := docker.ContextWithRepositoryScope(context.Background(), containerd.Spec{Locator: asked.Locator}, false)
	if err != nil {
		return refused(err), nil
	}
	parameters := map[string]string{"realm": "https://auth.example.com/token", "scope": asked.Scope}
	challenge := auth.Challenge{Scheme: auth.BearerAuth, Parameters: parameters}
	options, err := auth.GenerateTokenOptions(ctx, "example.com", "", "", challenge)
	if err != nil {
		return refused(err), nil
	}
	return answer{"scopes": docker.GetTokenScopes(ctx, options.Scopes)}, nil
}

func parseDuration(line []byte) (answer, error) {
	var asked struct{ Text string }
	if err := json.Unmarshal(line, &asked); err != nil {
		return nil, err
	}
	found, err := time.ParseDuration(asked.Text)
	if err != nil {
		return refused(err), nil
	}
	return answer{"nanoseconds": found.Nanoseconds()}, nil
}

// parseSelector answers with nothing where the API server takes the text for a label selector.
func parseSelector(line []byte) (answer, error) {
	var asked struct{ Text string }
	if err := json.Unmarshal(line, &asked); err != nil {
		return nil, err
	}
	if _, err := labels.Parse(asked.Text); err != nil {
		return refused(err), nil
	}
	return answer{}, nil
}

// checkName answers as what an object may be named so: a namespace has a label, most others have a subdomain.
func checkName(line []byte) (answer, error) {
	var asked struct{ Text string }
	if err := json.Unmarshal(line, &asked); err != nil {
		return nil, err
	}
	isLabel := len(validation.IsDNS1123Label(asked.Text)) == 0
	return answer{"label": isLabel, "subdomain": len(validation.IsDNS1123Subdomain(asked.Text)) == 0}, nil
}
