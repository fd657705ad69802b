// Command sdks writes a Pulumi SDK for each language from the schema of a package: sdks SCHEMA FOLDER.
// It is Pulumi's own code generator, called as the language hosts call it, so that no host is needed.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/blang/semver"

	golang "github.com/pulumi/pulumi/pkg/v3/codegen/go"
	"github.com/pulumi/pulumi/pkg/v3/codegen/nodejs"
	"github.com/pulumi/pulumi/pkg/v3/codegen/python"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

const tool = "pulumi-videosnap"

// noPackages is the loader of a schema that refers to no other package.
type noPackages struct{ schema.Loader }

func (noPackages) LoadPackageReference(name string, _ *semver.Version) (schema.PackageReference, error) {
	return nil, fmt.Errorf("the schema refers to package %q; it must stand alone", name)
}

func (n noPackages) LoadPackageReferenceV2(
	_ context.Context, other *schema.PackageDescriptor,
) (schema.PackageReference, error) {
	return n.LoadPackageReference(other.Name, nil)
}

func main() {
	if len(os.Args) != 3 {
		fail(fmt.Errorf("usage: sdks SCHEMA FOLDER"))
	}
	text, err := os.ReadFile(os.Args[1])
	fail(err)
	var spec schema.PackageSpec
	fail(json.Unmarshal(text, &spec))
	loader := noPackages{schema.NewNullLoader()}
	for _, language := range []string{"python", "nodejs", "go"} {
		// A generator changes the package that it is given, so each gets its own.
		pkg, diagnostics, err := schema.BindSpec(spec, loader, schema.ValidationOptions{})
		fail(err)
		if diagnostics.HasErrors() {
			fail(diagnostics)
		}
		var files map[string][]byte
		switch language {
		case "python":
			files, err = python.GeneratePackage(tool, pkg, nil, loader)
		case "nodejs":
			files, err = nodejs.GeneratePackage(tool, pkg, nil, nil, false, loader)
		case "go":
			files, err = golang.GeneratePackage(tool, pkg, nil)
		}
		fail(err)
		for name, content := range files {
			path := filepath.Join(os.Args[2], language, name)
			fail(os.MkdirAll(filepath.Dir(path), 0o755))
			fail(os.WriteFile(path, content, 0o644))
		}
	}
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "sdks:", err)
		os.Exit(1)
	}
}
